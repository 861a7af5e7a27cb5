import Networks
import PackedTensors
import SequenceData
import TestSupport
import Testing

@testable import Training

/// The encoder `transformer`: gradients, cost, and what its recipe refuses.
@Suite struct TransformerTests {
  private static func yaml(
    _ encoder: String, input: String = "{kind: reals}", objective: String = "{kind: masked, ratio: 0.4, span: 2}"
  ) -> String {
    """
    model:
      input: \(input)
      encoder: {kind: transformer, \(encoder)}
    objective: \(objective)
    optimizer: {kind: sgd, learningRate: 0.1}
    schedule: {kind: constant}
    training: {steps: 1}
    """
  }

  private static let lengths = [30, 1, 24, 140, 7]

  private static func batch(features: Int, categories: Int? = nil, lengths: [Int] = lengths) -> Batch {
    var numbers = Numbers(seed: 8)
    let layout = RaggedLayout(lengths: lengths)
    let count = layout.timesteps * features
    let elements =
      categories.map { numbers.integers(count, below: $0).map(Float.init) } ?? numbers.floats(count, scale: 3)
    let values = PackedTensor(layout: layout, channels: features, elements: elements)
    return Batch(raw: values, values: values, ids: Array(lengths.indices), labels: lengths.map { _ in 0 })
  }

  private static func description(features: Int, categories: Int? = nil) -> DataDescription {
    DataDescription(features: features, values: categories.map { .categories(count: $0) } ?? .reals, classes: [])
  }

  @Test(arguments: [
    ("width: 8, layers: 2, heads: 2, feedForward: 10, stem: {kernel: 4, stride: 2}", nil),
    ("width: 6, layers: 1, heads: 2, positions: sinusoidal, causal: true, dropout: 0.2", nil),
    ("width: 8, layers: 2, heads: 1, feedForward: 12, stem: {kernel: 3, stride: 3, norm: false}", 7),
    ("width: 5, layers: 1, heads: 5, positions: none, stem: {norm: true}", 9),
  ])
  func gradientsAreTheSlopesOfTheLoss(encoder: String, categories: Int?) throws {
    try LossSlopes.check(
      Self.yaml(encoder, input: "{kind: \(categories == nil ? "reals" : "categories")}"),
      Self.description(features: 2, categories: categories), Self.batch(features: 2, categories: categories))
  }

  @Test func costIsLinearAndQuadratic() throws {
    struct Costs: ModelUser {
      func use<E: Encoder, O: Objective>(_ model: Model<E, O>) -> [Int] {
        [1000, 2000, 4000, 8001].map(model.encoder.cost(ofLength:))
      }
    }
    func costs(_ encoder: String) throws -> [Int] {
      let recipe = try Recipe(yaml: Self.yaml(encoder))
      return try ModelBuilder.build(
        recipe.model, objective: recipe.objective, precision: .float32, data: Self.description(features: 1), seed: 1,
        isEncoderFrozen: false, for: Costs())
    }
    // A frame of four timesteps: stem, then two layers of 3 + 1 + 2 · 2 matrices, and attention.
    func expected(_ length: Int, causal: Bool) -> Int {
      let frames = (length + 3) / 4
      return frames * (2 * 16 * 4 + 2 * 2 * 16 * 16 * 8) + 2 * (causal ? 2 : 4) * frames * frames * 16
    }
    for causal in [false, true] {
      #expect(
        try costs(
          "width: 16, layers: 2, heads: 2, feedForward: 32, causal: \(causal), stem: {kernel: 4, stride: 4}")
          == [1000, 2000, 4000, 8001].map { expected($0, causal: causal) })
    }
  }

  @Test func whatCannotBeIsRefused() throws {
    func refuses(_ encoder: String, _ words: String..., objective: String = "{kind: masked}") {
      do {
        _ = try Recipe(yaml: Self.yaml(encoder, objective: objective))
        Issue.record("\(encoder) was accepted")
      } catch {
        for word in words { #expect("\(error)".contains(word), "\(error)") }
      }
    }
    refuses("width: 64, heads: 5", "model.encoder.heads: 5 heads cannot share 64 channels", "divisor")
    refuses("width: 12, heads: 4", "model.encoder.positions: rotary turns pairs", "make width / heads even")
    refuses("width: 8, heads: 2, blocks: [{width: 12}]", "model.encoder.blocks: the layers have 8 channels", "12")
    refuses("width: 8, heads: 2, stem: {width: 4}", "model.encoder.stem: the layers have 8 channels")
    refuses("positions: learned", "model.encoder.positions: expected one of rotary, sinusoidal, none")
    refuses("layers: 0", "model.encoder.layers: expected an integer from 1 to 256")
    refuses("activation: gelu", "model.encoder.activation: unknown key")
    refuses("width: 8", "model.encoder.causal: true", objective: "{kind: next}")
    let accepted = ["width: 12, heads: 4, positions: sinusoidal", "width: 12, heads: 6", "blocks: 2", "blocks: 0"]
    for encoder in accepted {
      let text = try Recipe(yaml: Self.yaml(encoder)).resolvedYAML
      #expect(try Recipe(yaml: text).resolvedYAML == text, "\(encoder)")
    }
    _ = try Recipe(yaml: Self.yaml("causal: true", objective: "{kind: next}"))
  }
}
