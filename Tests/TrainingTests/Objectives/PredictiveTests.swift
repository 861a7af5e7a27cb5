import Networks
import PackedTensors
import SequenceData
import TestSupport
import Testing

@testable import Training

/// Contrastive predictive coding on top of an encoder.
@Suite struct PredictiveTests {
  private static func yaml(
    _ keys: String, input: String = "reals", causal: Bool = true, batch: String = "{}"
  ) -> String {
    """
    model:
      input: {kind: \(input)}
      encoder: {kind: resnet, width: 5, blocks: [{stride: 3}], causal: \(causal)}
    objective: {kind: predictive, hidden: 6, latent: 4, \(keys)}
    optimizer: {kind: sgd, learningRate: 0.1}
    schedule: {kind: constant}
    training: {steps: 1}
    batch: \(batch)
    """
  }

  private static func batch(categories: Int?) -> Batch {
    var numbers = Numbers(seed: 8)
    let layout = RaggedLayout(lengths: [30, 7, 41, 25])
    let elements =
      categories.map { numbers.integers(2 * layout.timesteps, below: $0).map(Float.init) }
      ?? numbers.floats(2 * layout.timesteps, scale: 2)
    let values = PackedTensor(layout: layout, channels: 2, elements: elements)
    return Batch(raw: values, values: values, ids: [3, 5, 6, 9], labels: [-1, -1, -1, -1])
  }

  @Test(arguments: [("batch", nil), ("sequence", nil), ("batch", 5)])
  func gradientsAreTheSlopesOfTheLoss(negatives: String, categories: Int?) throws {
    try LossSlopes.check(
      Self.yaml(
        "steps: 2, anchors: 3, temperature: 0.5, negatives: \(negatives)",
        input: categories == nil ? "reals" : "categories"),
      DataDescription(features: 2, values: categories.map { .categories(count: $0) } ?? .reals, classes: []),
      Self.batch(categories: categories))
  }

  private struct Views: ModelUser {
    let batch: Batch

    func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> [[Float]] {
      let objective = try #require(model.objective as? Predictive)
      let view = objective.view(of: batch, seed: 1, epoch: 0)
      #expect(objective.shortestSequence?.timesteps == 7)
      #expect((0..<4).map(view.anchors.layout.length(of:)) == [3, 1, 3, 3])
      for sequence in 0..<4 {
        for index in view.anchors.layout.rows(of: sequence) {
          let f = view.anchors.rows[index] - view.anchors.source.offsets[sequence]
          let first = batch.values.row(batch.layout.offsets[sequence] + 3 * f + 1)
          #expect((0..<12).allSatisfy { view.moments.row(6 * index)[$0] == first[$0] }, "sequence \(sequence), \(f)")
        }
      }
      let other = objective.view(of: batch, seed: 1, epoch: 1)
      #expect(other.anchors.rows != view.anchors.rows)
      let alone = objective.view(of: batch.alone(2), seed: 1, epoch: 0)
      let rows = view.anchors.layout.rows(of: 2)
      #expect(alone.moments.elements == Array(view.moments.elements[rows.lowerBound * 12..<rows.upperBound * 12]))
      return []
    }
  }

  @Test func anchorsAreDrawnAndWhatFollowsThemIsWhole() throws {
    let recipe = try Recipe(yaml: Self.yaml("steps: 2, anchors: 3"))
    _ = try ModelBuilder.build(
      recipe.model, objective: recipe.objective, precision: .float32,
      data: DataDescription(features: 2, values: .reals, classes: []), seed: 4, isEncoderFrozen: false,
      for: Views(batch: Self.batch(categories: nil)))
  }

  @Test func recipesThatCannotTeachAreRefused() {
    func refuses(_ yaml: String, _ words: String) {
      do {
        _ = try Recipe(yaml: yaml)
        Issue.record("accepted: \(yaml)")
      } catch {
        #expect("\(error)".contains(words), "\(error)")
      }
    }
    refuses(Self.yaml("", causal: false), "objective.kind: predictive needs model.encoder.causal: true")
    refuses(Self.yaml("anchors: 1, negatives: sequence"), "objective.anchors: one alone has no others")
    refuses(Self.yaml("anchors: 1", batch: "{sequences: 1}"), "objective.anchors: one alone has no others")
    refuses(Self.yaml("anchors: 9", batch: "{sequences: 500}"), "objective.anchors: 9 of 500 sequences")
    refuses(Self.yaml("negatives: none"), "expected one of batch, sequence")
  }
}
