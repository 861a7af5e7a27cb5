import Networks
import PackedTensors
import SequenceData
import TestSupport
import Testing

@testable import Training

/// Encoders of recurrent layers.
@Suite struct RecurrentTests {
  private static func yaml(_ encoder: String, objective: String = "{kind: masked, span: 2}", input: String = "reals")
    -> String
  {
    """
    model:
      input: {kind: \(input)}
      encoder: \(encoder)
      pool: max
    objective: \(objective)
    optimizer: {kind: sgd, learningRate: 0.1}
    schedule: {kind: constant}
    training: {steps: 1}
    """
  }

  @Test(
    arguments: [
      ("{kind: lstm, width: 5, layers: 2, dropout: 0.2}", "{kind: next}", nil),
      ("{kind: lstm, width: 4, bidirectional: true, layers: 2, stem: {kernel: 3, stride: 2, norm: false}}", nil, nil),
      ("{kind: gru, width: 5, bidirectional: true}", "{kind: classify}", 5),
      ("{kind: gru, width: 4, layers: 2, stem: {width: 6}}", "{kind: next}", nil),
    ] as [(String, String?, Int?)])
  func gradientsAreTheSlopesOfTheLoss(encoder: String, objective: String?, categories: Int?) throws {
    var numbers = Numbers(seed: 8)
    let layout = RaggedLayout(lengths: [30, 7, 1, 25])
    let elements =
      categories.map { numbers.integers(2 * layout.timesteps, below: $0).map(Float.init) }
      ?? numbers.floats(2 * layout.timesteps, scale: 2)
    let values = PackedTensor(layout: layout, channels: 2, elements: elements)
    try LossSlopes.check(
      Self.yaml(
        encoder, objective: objective ?? "{kind: masked, span: 2}", input: categories == nil ? "reals" : "categories"),
      DataDescription(
        features: 2, values: categories.map { .categories(count: $0) } ?? .reals, classes: ["a", "b", "c"]),
      Batch(raw: values, values: values, ids: [3, 5, 6, 9], labels: [0, 2, 1, 0]))
  }

  @Test func recipes() throws {
    let recipe = try Recipe(yaml: Self.yaml("{kind: gru, width: 6, bidirectional: true}"))
    #expect(recipe.model.encoder.width == 12 && !recipe.model.encoder.isCausal)
    #expect(recipe.resolvedYAML.contains("layers: 1"))
    #expect(try Recipe(yaml: Self.yaml("{kind: lstm}", objective: "{kind: next}")).model.encoder.isCausal)
  }

  @Test(arguments: [
    (
      "{kind: lstm, bidirectional: true}", "{kind: next}",
      "objective.kind: next needs model.encoder.bidirectional: false; an encoder that sees later timesteps has the answer"
    ),
    (
      "{kind: gru, bidirectional: true}", "{kind: predictive}",
      "objective.kind: predictive needs model.encoder.bidirectional: false"
    ),
    (
      "{kind: lstm, dropout: 0.1}", "{kind: masked}",
      "model.encoder.dropout: acts between layers, and there is one: layers: 2 or more, or model.dropout"
    ),
    ("{kind: lstm, layers: 0}", "{kind: masked}", "model.encoder.layers: expected an integer from 1 to 64, got '0'"),
    ("{kind: gru, causal: true}", "{kind: masked}", "model.encoder.causal: unknown key"),
    ("{kind: gru, bidirectional: 2}", "{kind: masked}", "model.encoder.bidirectional: expected true or false, got '2'"),
    ("{kind: lstm, stem: {kernel: 0}}", "{kind: masked}", "model.encoder.stem.kernel: expected an integer from 1"),
  ])
  func impossibleOnesAreRefused(encoder: String, objective: String, words: String) {
    do {
      _ = try Recipe(yaml: Self.yaml(encoder, objective: objective))
      Issue.record("accepted: \(encoder), \(objective)")
    } catch {
      #expect("\(error)".contains(words), "\(error)")
    }
  }
}
