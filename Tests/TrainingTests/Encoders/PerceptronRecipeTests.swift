import Networks
import PackedTensors
import SequenceData
import TestSupport
import Testing

@testable import Training

/// Perceptrons over vectors of a fixed width.
@Suite struct PerceptronRecipeTests {
  private static func yaml(_ encoder: String, objective: String, input: String = "reals") -> String {
    """
    model: {input: {kind: \(input)}, encoder: \(encoder)}
    objective: \(objective)
    optimizer: {kind: sgd, learningRate: 0.1}
    schedule: {kind: constant}
    training: {steps: 1}
    """
  }

  @Test(
    arguments: [
      ("{kind: mlp, width: 5, layers: 3, activation: gelu, dropout: 0.2}", "{kind: classify}", nil),
      (
        "{kind: mlp, width: 6, layers: 2, norm: false, activation: gelu}",
        "{kind: denoise, code: 2, hidden: 4, noise: 0.3}", nil
      ),
      ("{kind: mlp, width: 4, layers: 1, activation: gelu}", "{kind: classify}", 5),
    ] as [(String, String, Int?)])
  func gradientsAreTheSlopesOfTheLoss(encoder: String, objective: String, categories: Int?) throws {
    var numbers = Numbers(seed: 9)
    let layout = RaggedLayout(lengths: [1, 1, 1, 1, 1, 3, 1, 1])
    let elements =
      categories.map { numbers.integers(3 * layout.timesteps, below: $0).map(Float.init) }
      ?? numbers.floats(3 * layout.timesteps, scale: 2)
    let values = PackedTensor(layout: layout, channels: 3, elements: elements)
    try LossSlopes.check(
      Self.yaml(encoder, objective: objective, input: categories == nil ? "reals" : "categories"),
      DataDescription(
        features: 3, values: categories.map { .categories(count: $0) } ?? .reals, classes: ["a", "b", "c"]),
      Batch(
        raw: values, values: values, ids: Array(0..<8), labels: [0, 2, 1, 0, 1, 1, 2, 0]))
  }

  @Test func maskedIsRefused() {
    do {
      _ = try Recipe(yaml: Self.yaml("{kind: mlp}", objective: "{kind: masked}"))
      Issue.record("masked was accepted")
    } catch {
      #expect(
        "\(error)".contains("objective.kind: masked needs an encoder that sees what stands beside a hidden frame"))
      #expect("\(error)".contains("mlp sees each frame alone"), "\(error)")
    }
    #expect(throws: RecipeError.self) {
      try Recipe(yaml: Self.yaml("{kind: mlp, kernel: 3}", objective: "{kind: classify}"))
    }
  }
}
