import TestSupport
import Testing

@testable import PackedTensors

/// InfoNCE of predictions, against its definition in Double.
@Suite struct PredictionNCETests {
  private static let (steps, width) = (2, 5)
  private static let sequences = [0, 0, 0, 1, 2, 2, 2]

  /// Σ of all losses by the definition, and how many there are.
  private func reference(_ q: [Double], _ z: [Double], temperature: Double, within: Bool) -> (loss: Double, terms: Int)
  {
    let (steps, width, sequences) = (Self.steps, Self.width, Self.sequences)
    func similarity(_ i: Int, _ j: Int, _ k: Int) -> Double {
      (0..<width).reduce(0) { $0 + q[(i * steps + k) * width + $1] * z[(j * steps + k) * width + $1] } / temperature
    }
    var (loss, terms) = (0.0, 0)
    for i in sequences.indices {
      let others = sequences.indices.filter { !within || sequences[$0] == sequences[i] }
      if others.count < 2 { continue }
      for k in 0..<steps {
        let sum = others.reduce(0) { $0 + Elementary.exp(similarity(i, $1, k)) }
        loss += Elementary.log(sum) - similarity(i, i, k)
        terms += 1
      }
    }
    return (loss, terms)
  }

  @Test(arguments: [false, true]) func lossAndGradients(within: Bool) {
    var numbers = Numbers(seed: 6)
    let count = Self.sequences.count
    let elements = count * Self.steps * Self.width
    let (q, z) = (numbers.floats(elements), numbers.floats(elements))
    let nce = PredictionNCE(temperature: 0.5, steps: Self.steps, isWithinSequence: within)
    let rows = PredictionNCE.Rows(predictions: q, moments: z, sequences: Self.sequences, width: Self.width)
    let layout = RaggedLayout(lengths: [3, 1, 3].map { $0 * Self.steps }, laneBounds: [0, 2, 2, 3])
    let (sums, gradients) = nce.loss(rows, layout: layout, own: 0..<count, withGradient: true)
    let expected = reference(q.doubles, z.doubles, temperature: 0.5, within: within)
    #expect(sums.count == expected.terms)
    #expect(abs(sums.loss.values.reduce(0, +) - expected.loss) < 1e-4 * expected.loss)
    let step = 1e-5
    func slopes(_ x: [Double], _ loss: ([Double]) -> Double) -> [Double] {
      x.indices.map { index in
        var (above, below) = (x, x)
        above[index] += step
        below[index] -= step
        return (loss(above) - loss(below)) / (2 * step)
      }
    }
    let ofPredictions = slopes(q.doubles) { reference($0, z.doubles, temperature: 0.5, within: within).loss }
    let ofMoments = slopes(z.doubles) { reference(q.doubles, $0, temperature: 0.5, within: within).loss }
    let problems = [
      Compare.close("predictions", gradients!.predictions.elements, ofPredictions, tolerance: 1e-4),
      Compare.close("moments", gradients!.moments.elements, ofMoments, tolerance: 1e-4),
    ]
    #expect(problems.compactMap(\.self).isEmpty, "\(problems)")

    // Parts hold the bits of the whole.
    for (own, lengths) in [(0..<4, [3, 1]), (4..<7, [3]), (7..<7, [])] {
      let part = nce.loss(
        rows, layout: RaggedLayout(lengths: lengths.map { $0 * Self.steps }), own: own, withGradient: true)
      let places = own.lowerBound * Self.steps * Self.width..<own.upperBound * Self.steps * Self.width
      #expect(part.gradients!.predictions.elements == Array(gradients!.predictions.elements[places]))
      #expect(part.gradients!.moments.elements == Array(gradients!.moments.elements[places]))
    }
  }
}
