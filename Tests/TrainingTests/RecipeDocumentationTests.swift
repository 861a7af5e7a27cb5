import Foundation
import Testing
import Training

/// docs/recipes.md and the recipes that the program reads.
@Suite struct RecipeDocumentationTests {
  private static let text: String = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return (try? String(contentsOf: root.appendingPathComponent("docs/recipes.md"), encoding: .utf8)) ?? ""
  }()

  @Test(arguments: ["resnet", "tcn", "lstm", "gru", "mlp"])
  func everyKeyOfAnEncoderIsDocumented(encoder: String) throws {
    let recipe = try Recipe(
      yaml: """
        model: {input: {kind: categories}, encoder: {kind: \(encoder)}}
        objective: {kind: classify}
        optimizer: {kind: adamw, learningRate: 1e-3}
        schedule: {kind: constant}
        training: {steps: 1}
        """)
    let text = recipe.resolvedYAML
    let section = text[text.range(of: "encoder:")!.upperBound..<text.range(of: "pool:")!.lowerBound]
    #expect(Self.text.contains(try Regex("### encoder, kind .*\\b\(encoder)\\b")))
    for key in section.matches(of: /(\w+):/).map({ String($0.1) }) where key != "kind" {
      #expect(Self.text.contains(try Regex("[`.]\(key)`|`\(key)\\.")), "docs/recipes.md does not tell of \(key)")
    }
  }

  @Test(
    arguments: [
      "masked", "next", "contrastive, window: 8, within: 2", "autoencode", "denoise", "predictive", "classify",
      "classify, pseudoLabels: {perClass: 3, teacher: average}", "classify, augment: {crop: 0.5}",
      "contrastive, crop: 0.5, queue: 100",
      "combined, parts: [{kind: next, weight: 2}]",
    ],
    [("adamw", "cosine"), ("sgd", "constant"), ("adamw", "step")])
  func everyKeyIsDocumented(objective: String, kinds: (optimizer: String, schedule: String)) throws {
    let recipe = try Recipe(
      yaml: """
        model: {input: {kind: categories}, encoder: {kind: resnet, causal: true}}
        objective: {kind: \(objective)}
        optimizer: {kind: \(kinds.optimizer), learningRate: 1e-3}
        schedule: {kind: \(kinds.schedule)\(kinds.schedule == "step" ? ", every: 5" : "")}
        training: {steps: 2\(objective.contains("pseudo") ? "" : ", earlyStopping: {patience: 3}")}
        """)
    try expectDocumented(recipe, kinds: [String(objective.prefix { $0 != "," }), kinds.optimizer, kinds.schedule])
  }

  @Test func everyKeyOfAGameIsDocumented() throws {
    let recipe = try Recipe(
      yaml: """
        model: {input: {kind: reals}, encoder: {kind: critic}}
        objective: {kind: adversarial, rate: 8000, window: 8, phaseShuffle: 2}
        optimizer: {kind: adamw, learningRate: 1e-3}
        schedule: {kind: constant}
        training: {steps: 1, validateEvery: 0}
        """)
    try expectDocumented(recipe, kinds: ["adversarial"])
  }

  @Test(arguments: ["tcn", "transformer"]) func everyKeyOfAnEncoderIsDocumented(kind: String) throws {
    let recipe = try Recipe(
      yaml: """
        model: {input: {kind: categories}, encoder: {kind: \(kind)}}
        objective: {kind: masked}
        optimizer: {kind: adamw, learningRate: 1e-3}
        schedule: {kind: constant}
        training: {steps: 1}
        """)
    try expectDocumented(recipe, kinds: [])
    #expect(Self.text.contains("### encoder, kind \(kind)\n"), "docs/recipes.md does not tell of kind \(kind)")
  }

  private func expectDocumented(_ recipe: Recipe, kinds: [String]) throws {
    let keys = recipe.resolvedYAML.matches(of: /(\w+):/).map { String($0.1) }
    #expect(keys.count > 30)
    for key in Set(keys) where key != "kind" {
      let isThere = Self.text.contains(try Regex("[`.]\(key)`|## \(key)|`\(key)\\."))
      #expect(isThere, "docs/recipes.md does not tell of \(key)")
    }
    for kind in kinds {
      #expect(Self.text.contains("| `\(kind)` |"), "docs/recipes.md does not tell of kind \(kind)")
    }
  }
}
