import Networks
import PackedTensors
import SequenceData
import TestSupport
import Testing

@testable import Training

/// Telling the input again: gradients, corruption, and what is refused.
@Suite struct AutoencodeTests {
  private static func yaml(_ objective: String, encoder: String, input: String = "{kind: reals}") -> String {
    """
    model:
      input: \(input)
      encoder: \(encoder)
    objective: \(objective)
    optimizer: {kind: sgd, learningRate: 0.1}
    schedule: {kind: constant}
    training: {steps: 1}
    """
  }

  private static let lengths = [30, 1, 24, 41, 7]

  private static func batch(features: Int, categories: Int? = nil) -> Batch {
    var numbers = Numbers(seed: 8)
    let layout = RaggedLayout(lengths: lengths)
    let count = layout.timesteps * features
    let elements =
      categories.map { numbers.integers(count, below: $0).map(Float.init) } ?? numbers.floats(count, scale: 3)
    let values = PackedTensor(layout: layout, channels: features, elements: elements)
    return Batch(raw: values, values: values, ids: [3, 5, 6, 9, 12], labels: lengths.map { _ in -1 })
  }

  @Test(arguments: [
    // A frame of six timesteps, which a sequence does not fill; a code for each.
    (
      "{kind: denoise, code: 5, hidden: 6, noise: 0.3, mask: 0.2}", "{kind: resnet, width: 6, blocks: [{stride: 6}]}",
      nil
    ),
    ("{kind: autoencode, code: 1, hidden: 5}", "{kind: tcn, width: 5, levels: 2, causal: false}", nil),
    ("{kind: autoencode, code: 4, hidden: 6, per: sequence}", "{kind: resnet, width: 5, blocks: [{stride: 2}]}", nil),
    ("{kind: denoise, code: 4, hidden: 6}", "{kind: resnet, width: 5, stem: {kernel: 4, stride: 2}}", 7),
  ])
  func gradientsAreTheSlopesOfTheLoss(objective: String, encoder: String, categories: Int?) throws {
    try LossSlopes.check(
      Self.yaml(objective, encoder: encoder, input: "{kind: \(categories == nil ? "reals" : "categories")}"),
      DataDescription(features: 2, values: categories.map { .categories(count: $0) } ?? .reals, classes: []),
      Self.batch(features: 2, categories: categories))
  }

  @Test func corruptionIsOfTheSequenceNotOfItsPlace() {
    let batch = Self.batch(features: 3)
    let corruption = Corruption(noise: 0.5, mask: 0.25)
    let all = corruption.applied(to: batch.values, ids: batch.ids, seed: 2, epoch: 1)
    #expect(corruption.applied(to: batch.values, ids: batch.ids, seed: 2, epoch: 2).elements != all.elements)
    #expect(corruption.applied(to: batch.values, ids: batch.ids, seed: 3, epoch: 1).elements != all.elements)
    for index in batch.ids.indices {
      let alone = batch.alone(index)
      let corrupted = corruption.applied(to: alone.values, ids: alone.ids, seed: 2, epoch: 1)
      #expect(Array(corrupted.buffer(of: 0)) == Array(all.buffer(of: index)), "sequence \(index)")
    }
    #expect(Corruption().applied(to: batch.values, ids: batch.ids, seed: 2, epoch: 1).base == batch.values.base)
  }

  @Test func corruptionIsAsMuchAsWasAskedFor() {
    let layout = RaggedLayout(lengths: [20_000])
    let clean = PackedTensor(layout: layout, channels: 3)
    clean.fill(4)
    let noisy = Corruption(noise: 0.5).applied(to: clean, ids: [1], seed: 1, epoch: 0).elements.map { Double($0) - 4 }
    let mean = noisy.reduce(0, +) / Double(noisy.count)
    let deviation = (noisy.reduce(0) { $0 + $1 * $1 } / Double(noisy.count)).squareRoot()
    #expect(abs(mean) < 0.01 && abs(deviation - 0.5) < 0.01, "mean \(mean), deviation \(deviation)")
    let masked = Corruption(mask: 0.25).applied(to: clean, ids: [1], seed: 1, epoch: 0).elements
    #expect(abs(Double(masked.count { $0 == 0 }) / 60_000 - 0.25) < 0.01)
    #expect(masked.allSatisfy { $0 == 0 || $0 == 4 })
    let drawn = Corruption(mask: 0.5, categories: 6).applied(to: clean, ids: [1], seed: 1, epoch: 0).elements
    for category in 0..<6 {
      let expected = category == 4 ? 0.5 + 0.5 / 6 : 0.5 / 6
      #expect(abs(Double(drawn.count { $0 == Float(category) }) / 60_000 - expected) < 0.01, "category \(category)")
    }
  }

  @Test func normalisationIsUndone() {
    var numbers = Numbers(seed: 3)
    let layout = RaggedLayout(lengths: [50])
    let raw = PackedTensor(layout: layout, channels: 2, elements: numbers.floats(100, scale: 9))
    for normalisation in [
      InputNormalisation.none, .sequence, .dataset(mean: [1, -2], deviation: [3, 0.5]),
    ] {
      let values = PackedTensor(layout: layout, channels: 2, elements: raw.elements)
      normalisation.apply(to: values.buffer(of: 0), features: 2)
      normalisation.undo(values.buffer(of: 0), of: raw.buffer(of: 0), features: 2)
      #expect(
        zip(values.elements, raw.elements).allSatisfy { abs($0 - $1) < 1e-5 }, "\(normalisation)")
    }
  }

  @Test func whatTeachesNothingIsRefused() throws {
    func refuses(_ objective: String, _ words: String, input: String = "{kind: reals}") {
      do {
        _ = try Recipe(yaml: Self.yaml(objective, encoder: "{kind: tcn}", input: input))
        Issue.record("\(objective) was accepted")
      } catch {
        #expect("\(error)".contains(words), "\(error)")
      }
    }
    refuses("{kind: denoise, mask: 0}", "objective.mask: nothing would be restored")
    refuses("{kind: denoise, noise: 0.5}", "objective.noise: categories are no quantities", input: "{kind: categories}")
    refuses("{kind: denoise, mask: 1}", "objective.mask: expected")
    refuses("{kind: autoencode, noise: 0.5}", "objective.noise: unknown key")
    refuses("{kind: autoencode, per: row}", "objective.per: expected one of frame, sequence")
    #expect(try Recipe(yaml: Self.yaml("{kind: denoise}", encoder: "{kind: tcn}")).resolvedYAML.contains("mask: 0.25"))
    let noisy = try Recipe(yaml: Self.yaml("{kind: denoise, noise: 1}", encoder: "{kind: tcn}")).resolvedYAML
    #expect(noisy.contains("mask: 0.0"))
    do {
      try LossSlopes.check(
        Self.yaml("{kind: autoencode, code: 6}", encoder: "{kind: resnet, blocks: [{stride: 3}]}"),
        DataDescription(features: 2, values: .reals, classes: []), Self.batch(features: 2))
      Issue.record("a code of six for six values was accepted")
    } catch {
      #expect("\(error)".contains("objective.code: 6 channels have room for all 6 values of a frame"), "\(error)")
    }
  }
}
