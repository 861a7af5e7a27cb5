import Networks
import PackedTensors
import SequenceData
import TestSupport
import Testing

@testable import Training

/// Several objectives over one encoder.
@Suite struct CombinedTests {
  private static func yaml(
    _ objective: String, input: String = "reals", causal: Bool = true, batch: String = "{}"
  ) -> String {
    """
    model:
      input: {kind: \(input)}
      encoder: {kind: resnet, width: 6, blocks: [{stride: 3}], causal: \(causal)}
    objective: \(objective)
    optimizer: {kind: sgd, learningRate: 0.1}
    schedule: {kind: constant}
    training: {steps: 1}
    batch: \(batch)
    """
  }

  private static let kinds = [
    "kind: masked, span: 2", "kind: next", "kind: contrastive, window: 12, within: 6, hidden: 7, projection: 6",
    "kind: predictive, steps: 2, anchors: 3, hidden: 6, latent: 4", "kind: autoencode, code: 3, hidden: 5",
    "kind: denoise, per: sequence, code: 4, hidden: 5", "kind: next, target: spectrum, ahead: 2",
  ]

  private static func batch(categories: Int?) -> Batch {
    var numbers = Numbers(seed: 8)
    let layout = RaggedLayout(lengths: [30, 12, 41, 25])
    let elements =
      categories.map { numbers.integers(2 * layout.timesteps, below: $0).map(Float.init) }
      ?? numbers.floats(2 * layout.timesteps, scale: 2)
    let values = PackedTensor(layout: layout, channels: 2, elements: elements)
    return Batch(raw: values, values: values, ids: [3, 5, 6, 9], labels: [-1, -1, -1, -1])
  }

  private static func data(categories: Int?) -> DataDescription {
    DataDescription(features: 2, values: categories.map { .categories(count: $0) } ?? .reals, classes: [])
  }

  /// Parts that share an input and such that do not, of reals and of categories with a mask vector.
  @Test(arguments: [
    ([1, 3, 4], nil), ([2, 1, 5, 3], nil), ([0, 2, 4], 5), ([1, 0], nil), ([6, 3], nil),
  ])
  func gradientsAreTheSlopesOfTheLoss(parts: [Int], categories: Int?) throws {
    let sections = parts.enumerated().map { "{\(Self.kinds[$1]), weight: \(Double($0 + 1) * 0.7)}" }
    try LossSlopes.check(
      Self.yaml(
        "{kind: combined, parts: [\(sections.joined(separator: ", "))]}",
        input: categories == nil ? "reals" : "categories"),
      Self.data(categories: categories), Self.batch(categories: categories))
  }

  /// The loss of a model and the gradient of each parameter, its parameters set by name first.
  private struct Gradients: ModelUser {
    let batch: Batch
    var values: [String: [Float]] = [:]
    /// What stands before the names of an objective's parameters.
    let path: String

    typealias Outcome = (loss: Double, values: [String: [Float]], gradients: [String: [Float]])

    func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> Outcome {
      func name(_ parameter: Parameter) -> String { parameter.name.replacing(path, with: "objective.") }
      for parameter in model.store.parameters {
        if let own = values[name(parameter)] { model.store[parameter] = own }
      }
      let (loss, _, arena) = try model.gradients(ofAlone: batch, seed: 1, epoch: 2)
      let all = model.store.parameters
      return (
        loss, Dictionary(uniqueKeysWithValues: all.map { (name($0), model.store[$0]) }),
        Dictionary(
          uniqueKeysWithValues: all.map {
            (name($0), Array(UnsafeBufferPointer(start: arena.total + $0.range.lowerBound, count: $0.count)))
          })
      )
    }

    static func of(_ yaml: String, _ user: Gradients) throws -> Outcome {
      let recipe = try Recipe(yaml: yaml)
      return try ModelBuilder.build(
        recipe.model, objective: recipe.objective, precision: .float32, data: data(categories: nil), seed: 4,
        isEncoderFrozen: false, for: user)
    }
  }

  @Test(arguments: Self.kinds.indices) func aPartAloneIsThatObjective(index: Int) throws {
    let (section, batch) = (Self.kinds[index], Self.batch(categories: nil))
    let kind = String(section.dropFirst("kind: ".count).prefix { $0 != "," })
    let plain = try Gradients.of(Self.yaml("{\(section)}"), Gradients(batch: batch, path: "objective."))
    let part = try Gradients.of(
      Self.yaml("{kind: combined, parts: [{\(section)}]}"),
      Gradients(batch: batch, values: plain.values, path: "objective.\(kind)."))
    #expect(part.loss == plain.loss)
    #expect(part.values == plain.values)
    #expect(part.gradients == plain.gradients)
    #expect(plain.gradients.contains { $0.key.hasPrefix("objective.") })
    // Twice the weight is twice every gradient, exactly.
    let doubled = try Gradients.of(
      Self.yaml("{kind: combined, parts: [{\(section), weight: 2}]}"),
      Gradients(batch: batch, values: plain.values, path: "objective.\(kind)."))
    #expect(doubled.loss == 2 * plain.loss)
    for (name, gradient) in doubled.gradients where name.hasPrefix("objective.") {
      #expect(gradient == plain.gradients[name]!.map { 2 * $0 }, "\(name)")
    }
  }

  @Test func wrongCombinationsNameThePart() {
    func refuses(_ parts: String, _ words: String..., causal: Bool = false, batch: String = "{}") {
      do {
        _ = try Recipe(yaml: Self.yaml("{kind: combined, parts: \(parts)}", causal: causal, batch: batch))
        Issue.record("accepted: \(parts)")
      } catch {
        for word in words { #expect("\(error)".contains(word), "\(error)") }
      }
    }
    refuses(
      "[{kind: masked}, {kind: next}]", "line 4: objective.parts[1].kind: next needs model.encoder.causal: true")
    refuses("[{kind: masked}, {kind: masked, span: 2}]", "objective.parts[1].kind: masked stands here twice")
    refuses("[{kind: masked}, {kind: classify}]", "objective.parts[1].kind: classify needs labels")
    refuses("[{kind: combined, parts: [{kind: masked}]}]", "objective.parts[0].kind: a part cannot be made of parts")
    refuses("[{kind: masked, weight: 0}]", "objective.parts[0].weight: expected a number above 0, got '0'")
    refuses("[{kind: masked, spam: 3}]", "objective.parts[0].spam: unknown key; did you mean 'span'?")
    refuses("[]", "objective.parts: expected a list of mappings")
    refuses("null", "objective.parts: is missing")
    refuses(
      "[{kind: masked}, {kind: contrastive, window: 8}]", "objective.parts[1].kind: contrastive compares",
      batch: "{sequences: 1}")
    refuses("[{kind: masked}, {kind: contrastive}]", "objective.parts[1].kind: both views would be the same")
  }

  @Test func aRecipeIsWrittenAndReadAgain() throws {
    let recipe = try Recipe(
      yaml: Self.yaml("{kind: combined, parts: [{kind: next, weight: 2}, {kind: denoise, noise: 0.5}]}"),
      overrides: ["objective.parts.1.weight=0.25", "objective.parts.0.ahead=2"])
    #expect(try Recipe(yaml: recipe.resolvedYAML) == recipe)
    let parts = try #require(recipe.objective as? CombinedRecipe).parts
    #expect(parts.map(\.weight) == [2, 0.25])
    #expect((parts[0].objective as? NextRecipe)?.ahead == 2)
  }
}
