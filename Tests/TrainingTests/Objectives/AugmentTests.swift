import Networks
import PackedTensors
import SequenceData
import TestSupport
import Testing

@testable import Training

/// A classifier that is trained on changed views.
@Suite struct AugmentTests {
  private static let yaml = """
    model:
      input: {kind: reals}
      encoder: {kind: tcn, width: 5, levels: 2, causal: false}
    objective: {kind: classify, augment: {crop: 0.8, jitter: 0.1, scaling: 0.2, mask: 0.1}}
    optimizer: {kind: sgd, learningRate: 0.1}
    schedule: {kind: constant}
    training: {steps: 1}
    """
  private static let data = DataDescription(features: 1, values: .reals, classes: ["a", "b", "c"])
  private static let lengths = [30, 1, 41, 60]

  private static func batch() -> Batch {
    var numbers = Numbers(seed: 8)
    let layout = RaggedLayout(lengths: lengths)
    let values = PackedTensor(layout: layout, channels: 1, elements: numbers.floats(layout.timesteps, scale: 2))
    return Batch(raw: values, values: values, ids: [3, 5, 6, 9], labels: [0, 2, 1, 0])
  }

  @Test func gradientsAreTheSlopesOfTheLoss() throws {
    try LossSlopes.check(Self.yaml, Self.data, Self.batch())
  }

  /// Looks at what the encoder would read in an epoch.
  private struct Views: ModelUser {
    let batch: Batch
    func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws {
      func read(_ epoch: Int) -> PackedTensor {
        model.objective.input(of: model.objective.view(of: batch, seed: 1, epoch: epoch)).values
      }
      let (first, again, second, judged) = (read(0), read(0), read(1), read(-1))
      #expect(Compare.bits("what is judged", judged.elements, batch.values.elements) == nil)
      #expect(Compare.bits("an epoch drawn again", again.elements, first.elements) == nil)
      #expect(first.elements != second.elements, "two epochs drew the same views")
      let lengths = (0..<4).map { first.layout.length(of: $0) }
      #expect(lengths == [24, 1, 33, 48])
      #expect(lengths == AugmentTests.lengths.flatMap { model.objective.viewLengths(of: $0) })
    }
  }

  @Test func onlyTrainingSeesViews() throws {
    let recipe = try Recipe(yaml: Self.yaml)
    try ModelBuilder.build(
      recipe.model, objective: recipe.objective, precision: .float32, data: Self.data, seed: 4, isEncoderFrozen: false,
      for: Views(batch: Self.batch()))
  }

  @Test func whatChangesNothingOrCannotBeChangedIsRefused() {
    func refuses(_ augment: String, _ words: String, input: String = "reals") {
      let yaml = Self.yaml.replacing("{kind: reals}", with: "{kind: \(input)}")
        .replacing("{crop: 0.8, jitter: 0.1, scaling: 0.2, mask: 0.1}", with: augment)
      let error = #expect(throws: RecipeError.self) { try Recipe(yaml: yaml) }
      #expect("\(error!)".contains(words), "\(error!)")
    }
    refuses("{}", "objective.augment: changes nothing")
    refuses("{crop: 1, pieces: 1}", "changes nothing")
    refuses("{jitter: 0.5}", "objective.augment.jitter: categories are no quantities", input: "categories")
    refuses("{crops: 0.5}", "did you mean 'crop'?")
    refuses("{crop: 0}", "objective.augment.crop")
  }
}
