import PackedTensors
import TestSupport
import Testing

/// Rows that are told by their keys from a queue.
@Suite struct KeyNCETests {
  private static let temperature = 0.3

  private static func unitRows(_ count: Int, _ width: Int, seed: UInt64) -> PackedTensor {
    var numbers = Numbers(seed: seed)
    return UnitRows(
      PackedTensor(
        layout: RaggedLayout(lengths: [Int](repeating: 1, count: count)), channels: width,
        elements: numbers.floats(count * width))
    ).tensor
  }

  /// The losses by the formula, in Double.
  private static func losses(_ q: [Double], _ k: [Float], _ queue: [Float], width: Int) -> [Double] {
    func product(_ row: Int, _ other: [Float], _ index: Int) -> Double {
      (0..<width).reduce(0) { $0 + q[row * width + $1] * Double(other[index * width + $1]) } / temperature
    }
    return (0..<q.count / width).map { row in
      let others = (0..<queue.count / width).map { product(row, queue, $0) }
      return ReferenceLosses.crossEntropy([product(row, k, row)] + others, target: 0)
    }
  }

  @Test(arguments: [(1, 1, 3), (3, 5, 8), (17, 40, 20)])
  func lossAndGradientAreThoseOfTheFormula(count: Int, keys: Int, width: Int) {
    let (q, k) = (Self.unitRows(count, width, seed: 1), Self.unitRows(count, width, seed: 2))
    let queue = Self.unitRows(keys, width, seed: 3).elements
    let (sums, gradient) = KeyNCE(temperature: Float(Self.temperature)).loss(
      of: q, keys: k, queue: queue, withGradient: true)
    let exact = q.elements.map(Double.init)
    let losses = Self.losses(exact, k.elements, queue, width: width)
    report(Compare.close("losses of \(count) rows", sums.sequenceLoss, losses, tolerance: 1e-5))
    #expect(sums.count == count)
    let slopes = exact.indices.map { index in
      var (above, below) = (exact, exact)
      above[index] += 1e-5
      below[index] -= 1e-5
      let difference =
        Self.losses(above, k.elements, queue, width: width).reduce(0, +)
        - Self.losses(below, k.elements, queue, width: width).reduce(0, +)
      return difference / 2e-5
    }
    report(Compare.close("gradient of \(count) rows", gradient!.elements, slopes, tolerance: 1e-4))
  }

  @Test func noRowDependsOnOthers() {
    let (q, k) = (Self.unitRows(9, 12, seed: 4), Self.unitRows(9, 12, seed: 5))
    let queue = Self.unitRows(33, 12, seed: 6).elements
    let loss = KeyNCE(temperature: 0.1)
    let all = loss.loss(of: q, keys: k, queue: queue, withGradient: true)
    for row in 0..<9 {
      func alone(_ x: PackedTensor) -> PackedTensor {
        PackedTensor(
          layout: RaggedLayout(lengths: [1]), channels: 12, elements: Array(x.elements[row * 12..<row * 12 + 12]))
      }
      let one = loss.loss(of: alone(q), keys: alone(k), queue: queue, withGradient: true)
      report(Compare.bits("loss of row \(row)", one.sums.sequenceLoss, [all.sums.sequenceLoss[row]]))
      report(
        Compare.bits(
          "gradient of row \(row)", one.gradient!.elements,
          Array(all.gradient!.elements[row * 12..<row * 12 + 12])))
    }
  }

  @Test func factorsMultiplyLossAndGradient() {
    var numbers = Numbers(seed: 7)
    let values = numbers.floats(5 * 4)
    func loss(_ factors: [Float]?) -> (LossSums, [Float]) {
      let logits = PackedTensor(
        layout: RaggedLayout(lengths: [1, 1, 1, 1, 1]), channels: 4, elements: values)
      let sums = Losses.crossEntropy(logits, targets: [0, 1, 2, 3, 0], factors: factors)
      return (sums, logits.elements)
    }
    let (plain, gradient) = loss(nil)
    let (scaled, scaledGradient) = loss([1, 0.5, 2, 0.25, 1])
    let factors: [Double] = [1, 0.5, 2, 0.25, 1]
    #expect(scaled.sequenceLoss == zip(plain.sequenceLoss, factors).map { $0 * $1 })
    #expect(scaledGradient == gradient.indices.map { gradient[$0] * Float(factors[$0 / 4]) })
    #expect(scaled.count == 5)
  }
}
