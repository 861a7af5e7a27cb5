import Foundation
import Testing

@testable import Training

/// What the tests below vary.
let exampleRecipe = """
  model:
    input: {kind: reals}
    encoder: {kind: resnet, width: 32, blocks: 2}
  objective: {kind: masked, ratio: 0.3}
  optimizer: {kind: adamw, learningRate: 1e-3}
  schedule: {kind: cosine, warmupSteps: 10}
  training:
    steps: 100
    seed: 7
  """

/// The kinds as an error lists them.
let encoderKinds = RecipeKinds.encoders.map { $0.kind }.joined(separator: ", ")
let objectiveKinds = RecipeKinds.objectives.map { $0.kind }.joined(separator: ", ")

@Suite struct RecipeTests {
  @Test func everyDefaultIsFilledIn() throws {
    let recipe = try Recipe(yaml: exampleRecipe)
    let expected = """
      model:
        input:
          kind: reals
          normalise: none
        encoder:
          kind: resnet
          stem:
            width: 32
            kernel: 1
            stride: 1
            norm: false
          blocks:
            - {width: 32, kernel: 3, stride: 1, dilation: 1}
            - {width: 32, kernel: 3, stride: 1, dilation: 1}
          causal: false
          activation: relu
          dropout: 0.0
        pool: mean
        dropout: 0.0
      objective:
        kind: masked
        ratio: 0.3
        span: 3
        target: values
      batch:
        timesteps: 262144
        sequences: 64
        lanes: 8
      optimizer:
        kind: adamw
        learningRate: 0.001
        weightDecay: 0.01
        beta1: 0.9
        beta2: 0.999
        epsilon: 1e-08
        clipNorm: null
      schedule:
        kind: cosine
        warmupSteps: 10
        final: 0.0
      training:
        steps: 100
        seed: 7
        validateEvery: 200
        checkpointEvery: 200
        keep: 3
        earlyStopping: null
        overlap: true
        maxSkippedSteps: 10
        verifyEvery: 100
        watchdog:
          seconds: 120.0
          startSeconds: 900.0
          storageSeconds: 600.0
        tensorboard: true
        histogramsEvery: 100
      precision: float32

      """
    #expect(recipe.resolvedYAML == expected)
  }

  private static let shipped = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("launch/recipes")

  @Test func shippedRecipesReadAndResolveToThemselves() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.shipped.path).filter { $0.hasSuffix(".yaml") }
    #expect(files.count > 16)
    for file in files { try expectResolvesToItself(file) }
  }

  private func expectResolvesToItself(_ file: String) throws {
    let recipe = try Recipe(file: Self.shipped.appendingPathComponent(file).path)
    let again = try Recipe(yaml: recipe.resolvedYAML)
    #expect(again == recipe, "\(file)")
    #expect(again.resolvedYAML == recipe.resolvedYAML, "\(file)")
    #expect(again.identity == recipe.identity, "\(file)")
  }

  @Test func theReferenceBlockIsThatBlock() throws {
    let recipe = try Recipe(file: Self.shipped.appendingPathComponent("reference-block.yaml").path)
    let encoder = try #require(recipe.model.encoder as? ResNetRecipe)
    #expect(encoder.stem == .init(width: 64, kernel: 1, stride: 1, norm: false))
    #expect(encoder.blocks == [.init(width: 64, kernel: 3, stride: 1, dilation: 1)])
    #expect(encoder.activation == .relu)
    #expect(recipe.model.pool == .mean)
    #expect(recipe.model.input.normalise == .none)
    #expect(recipe.objective is ClassifyRecipe)
  }

  @Test func blocksAsAList() throws {
    let recipe = try Recipe(
      yaml: exampleRecipe.replacingOccurrences(
        of: "width: 32, blocks: 2",
        with: "width: 16, stem: {kernel: 8, stride: 4}, blocks: [{stride: 2}, {width: 48, kernel: 5, dilation: 2}]"))
    let encoder = try #require(recipe.model.encoder as? ResNetRecipe)
    #expect(encoder.stem == .init(width: 16, kernel: 8, stride: 4, norm: true))
    #expect(
      encoder.blocks == [
        .init(width: 16, kernel: 3, stride: 2, dilation: 1), .init(width: 48, kernel: 5, stride: 1, dilation: 2),
      ])
    #expect(encoder.width == 48)
    #expect(encoder.timestepsPerFrame == 8)
  }

  @Test func identityIsBlindToWhatChangesNoWeight() throws {
    let recipe = try Recipe(yaml: exampleRecipe)
    for override in ["training.checkpointEvery=3", "training.keep=9", "training.overlap=false"] {
      let other = try Recipe(yaml: exampleRecipe, overrides: [override])
      #expect(other != recipe, "\(override)")
      #expect(other.identity == recipe.identity, "\(override)")
      #expect(Recipe.differences(from: recipe, to: other).isEmpty, "\(override)")
    }
    for override in ["training.seed=8", "training.validateEvery=3", "batch.lanes=4", "objective.span=4"] {
      let other = try Recipe(yaml: exampleRecipe, overrides: [override])
      #expect(other.identity != recipe.identity, "\(override)")
    }
  }

  @Test func differencesNameKeysAndBothValues() throws {
    let old = try Recipe(yaml: exampleRecipe)
    let new = try Recipe(
      yaml: exampleRecipe,
      overrides: ["model.encoder.blocks=1", "model.encoder.causal=true", "objective.kind=next", "training.seed=8"])
    #expect(
      Recipe.differences(from: old, to: new) == [
        "model.encoder.blocks[1].width: 32 → (none)", "model.encoder.blocks[1].kernel: 3 → (none)",
        "model.encoder.blocks[1].stride: 1 → (none)", "model.encoder.blocks[1].dilation: 1 → (none)",
        "model.encoder.causal: false → true", "objective.kind: masked → next", "objective.ratio: 0.3 → (none)",
        "objective.span: 3 → (none)", "training.seed: 7 → 8",
        "objective.ahead: (none) → 1",
      ])
    #expect(
      Recipe.differences(from: old, to: new, under: "model.encoder").allSatisfy { $0.hasPrefix("model.encoder.") })
  }

  @Test func numbersKeepTheirBits() throws {
    for value in [0.1, 1.0 / 3, Double.leastNonzeroMagnitude, 1.7976931348623157e308, 123456789.123456789] {
      let recipe = try Recipe(yaml: exampleRecipe, overrides: ["optimizer.learningRate=\(value)"])
      let again = try Recipe(yaml: recipe.resolvedYAML)
      #expect(again.optimizer.learningRate.bitPattern == value.bitPattern, "\(value)")
    }
  }

  @Test func anAbsentFileIsSaidToBeAbsent() {
    #expect(throws: (any Error).self) { try Recipe(file: "/no/such/recipe.yaml") }
  }
}
