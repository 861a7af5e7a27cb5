import Networks
import PackedTensors
import SequenceData
import TestSupport
import Testing

@testable import Training

/// The contrastive objective on top of an encoder.
@Suite struct ContrastiveTests {
  private static let yaml = """
    model:
      input: {kind: reals}
      encoder: {kind: tcn, width: 5, levels: 2, causal: false}
    objective: {kind: contrastive, window: 24, within: 6, hidden: 7, projection: 6, temperature: 0.15}
    optimizer: {kind: sgd, learningRate: 0.1}
    schedule: {kind: constant}
    training: {steps: 1}
    """

  @Test func gradientsAreTheSlopesOfTheLoss() throws {
    var numbers = Numbers(seed: 8)
    let layout = RaggedLayout(lengths: [30, 24, 41, 60])
    let values = PackedTensor(layout: layout, channels: 1, elements: numbers.floats(layout.timesteps, scale: 2))
    let batch = Batch(raw: values, values: values, ids: [3, 5, 6, 9], labels: [-1, -1, -1, -1])
    try LossSlopes.check(Self.yaml, DataDescription(features: 1, values: .reals, classes: []), batch)
  }

  @Test func recipesThatCannotTeachAreRefused() {
    func refuses(_ objective: String, _ words: String, input: String = "reals", batch: String = "{}") {
      let yaml =
        Self.yaml.replacing("{kind: reals}", with: "{kind: \(input)}")
        .replacing("kind: contrastive, window: 24, within: 6", with: objective) + "\nbatch: \(batch)"
      #expect(throws: RecipeError.self) { try Recipe(yaml: yaml) }
      do {
        _ = try Recipe(yaml: yaml)
      } catch {
        #expect("\(error)".contains(words), "\(error)")
      }
    }
    refuses("kind: contrastive", "both views would be the same")
    refuses("kind: contrastive, window: 8, within: 0", "both views would be the same")
    refuses("kind: contrastive, crop: 1, within: 3, jitter: 0.1", "give window or crop")
    refuses("kind: contrastive, window: 8, crop: 0.5", "leave one of them out")
    refuses("kind: contrastive, jitter: 0.5", "categories are no quantities", input: "categories")
    refuses("kind: contrastive, window: 8", "batch.sequences must be 2 to 4096", batch: "{sequences: 1}")
    for override in [
      "objective.temperature=1e-50", "objective.mask=1", "model.encoder={kind: tcn, levels: 20, kernel: 9}",
    ] {
      #expect(throws: RecipeError.self, "\(override)") { try Recipe(yaml: Self.yaml, overrides: [override]) }
    }
  }
}
