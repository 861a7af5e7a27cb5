import PackedTensors
import TestSupport
import Testing

/// Comparison of rows with each other.
@Suite struct InfoNCETests {
  /// Unit rows, `[count × width]`.
  private func unitRows(_ count: Int, _ width: Int, seed: UInt64) -> [Float] {
    var numbers = Numbers(seed: seed)
    return UnitRows(tensor(numbers.floats(count * width), width)).tensor.elements
  }

  private func tensor(_ elements: [Float], _ width: Int, lanes: [Int]? = nil) -> PackedTensor {
    let count = elements.count / width
    return PackedTensor(
      layout: RaggedLayout(lengths: [Int](repeating: 1, count: count), laneBounds: lanes), channels: width,
      elements: elements)
  }

  private func rows(_ elements: [Double], _ width: Int) -> [[Double]] {
    stride(from: 0, to: elements.count, by: width).map { Array(elements[$0..<$0 + width]) }
  }

  @Test(arguments: [(4, 3), (6, 8), (34, 20)]) func lossAndGradientAreThoseOfTheFormula(count: Int, width: Int) {
    let all = unitRows(count, width, seed: UInt64(count))
    let (sums, gradient) = InfoNCE(temperature: 0.5).loss(
      of: tensor(all, width), among: all, own: 0..<count, withGradient: true)
    let exact = all.map(Double.init)
    func total(_ z: [Double]) -> Double { ReferenceInfoNCE.losses(rows(z, width), temperature: 0.5).reduce(0, +) }
    let losses = ReferenceInfoNCE.losses(rows(exact, width), temperature: 0.5)
    report(Compare.close("losses of \(count) rows", sums.sequenceLoss, losses, tolerance: 1e-5))
    #expect(sums.count == count)
    let slopes = exact.indices.map { index in
      var (above, below) = (exact, exact)
      above[index] += 1e-5
      below[index] -= 1e-5
      return (total(above) - total(below)) / 2e-5
    }
    report(Compare.close("gradient of \(count) rows", gradient!.elements, slopes, tolerance: 1e-4))
  }

  @Test func whoHoldsWhichRowsChangesNoBit() {
    let (count, width) = (14, 9)
    let all = unitRows(count, width, seed: 5)
    let whole = InfoNCE(temperature: 0.1).loss(
      of: tensor(all, width), among: all, own: 0..<count, withGradient: true)
    var (losses, gradients): ([Double], [Float]) = ([], [])
    for own in [0..<4, 4..<4, 4..<6, 6..<14] {
      let part = InfoNCE(temperature: 0.1).loss(
        of: tensor(Array(all[own.lowerBound * width..<own.upperBound * width]), width), among: all, own: own,
        withGradient: true)
      losses += part.sums.sequenceLoss
      gradients += part.gradient!.elements
    }
    report(Compare.bits("losses", losses, whole.sums.sequenceLoss))
    report(Compare.bits("gradients", gradients, whole.gradient!.elements))
  }

  @Test func onePairHasNothingToBeToldFrom() {
    let all = unitRows(2, 3, seed: 1)
    let (sums, gradient) = InfoNCE(temperature: 0.1).loss(
      of: tensor(all, 3), among: all, own: 0..<2, withGradient: true)
    #expect(sums.count == 0 && sums.correct == 0 && sums.sequenceLoss == [0, 0])
    #expect(gradient!.elements.allSatisfy { $0 == 0 }, "\(gradient!.elements)")
  }

  @Test func partnersThatAreAlikeAreTold() {
    // Four pairs of equal rows, each along an axis of its own.
    let all = (0..<8).flatMap { row in (0..<4).map { Float($0 == row / 2 ? 1 : 0) } }
    let sums = InfoNCE(temperature: 0.1).loss(of: tensor(all, 4), among: all, own: 0..<8, withGradient: false).sums
    #expect(sums.correct == 8)
    #expect(sums.sequenceLoss.allSatisfy { $0 < 1e-3 }, "\(sums.sequenceLoss)")
  }

  @Test func unitRowsAndTheirAdjoint() {
    let width = 5
    var numbers = Numbers(seed: 3)
    let (h, g) = (numbers.floats(3 * width, scale: 4), numbers.floats(3 * width))
    let unit = UnitRows(tensor(h, width))
    let gradient = tensor(g, width)
    unit.backward(gradient)
    /// Σ g·z of rows h.
    func value(_ h: [Double]) -> Double {
      zip(rows(h, width), rows(g.map(Double.init), width)).reduce(0) { sum, pair in
        let length = pair.0.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return sum + zip(pair.0, pair.1).reduce(0) { $0 + $1.0 * $1.1 } / length
      }
    }
    let slopes = h.indices.map { index in
      var (above, below) = (h.map(Double.init), h.map(Double.init))
      above[index] += 1e-6
      below[index] -= 1e-6
      return (value(above) - value(below)) / 2e-6
    }
    report(Compare.close("adjoint of unit rows", gradient.elements, slopes, tolerance: 1e-5))
    #expect(UnitRows(tensor([0, 0], 2)).tensor.elements == [0, 0])
  }
}
