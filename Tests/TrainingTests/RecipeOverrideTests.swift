import Testing
import Training

@Suite struct RecipeOverrideTests {
  private func error(_ overrides: [String]) -> String {
    do throws(RecipeError) {
      _ = try Recipe(yaml: exampleRecipe, name: "r.yaml", overrides: overrides)
      return "no error"
    } catch {
      return error.description
    }
  }

  @Test func valuesAreYAML() throws {
    let recipe = try Recipe(
      yaml: exampleRecipe,
      overrides: [
        "optimizer.clipNorm=1", "model.encoder.causal=true", "objective={kind: next, ahead: 2}",
        "training.earlyStopping.metric=macroF1", "training.earlyStopping.patience=4",
        "model.encoder.blocks=[{width: 8}, {width: 16, stride: 2}]", "model.encoder.blocks.1.kernel=7",
      ])
    #expect(recipe.optimizer.clipNorm == 1)
    #expect((recipe.objective as? NextRecipe)?.ahead == 2)
    #expect(recipe.training.earlyStopping?.metric == .macroF1)
    #expect(recipe.training.earlyStopping?.patience == 4)
    #expect((recipe.model.encoder as? ResNetRecipe)?.blocks.map(\.kernel) == [3, 7])
  }

  @Test func stepsGiveWayToEpochs() throws {
    let recipe = try Recipe(yaml: exampleRecipe, overrides: ["training.steps=null", "training.epochs=3"])
    #expect(recipe.training.duration == .epochs(3))
  }

  @Test func anotherKindDropsTheOldKindsKeys() throws {
    let classify = try Recipe(yaml: exampleRecipe, overrides: ["objective.kind=classify"])
    #expect(classify.objective is ClassifyRecipe)
    let masked = try Recipe(yaml: exampleRecipe, overrides: ["objective.kind=masked"])
    #expect((masked.objective as? MaskedRecipe)?.ratio == 0.3, "the same kind keeps its keys")
    let descent = try Recipe(
      yaml: exampleRecipe, overrides: ["optimizer.learningRate=0.1", "optimizer.momentum=0.5", "optimizer.kind=sgd"])
    #expect((descent.optimizer as? SGDRecipe)?.momentum == 0.5, "the order of overrides does not matter")
    let input = try Recipe(yaml: exampleRecipe, overrides: ["model.input.kind=categories"])
    #expect(input.model.input.kind == .categories)
  }

  @Test(arguments: [
    (["training.step=3"], "r.yaml, --set training.step=3: training.step: unknown key; did you mean 'steps'?"),
    (["trainning.seed=3"], "r.yaml, --set trainning.seed=3: trainning: unknown key; did you mean 'training'?"),
    (
      ["training.seed.low=3"],
      "r.yaml, --set training.seed.low=3: training.seed.low: there is nothing below training.seed, which is '7'"
    ),
    (["training.seed=x"], "r.yaml, --set training.seed=x: training.seed: expected an integer not below 0, got 'x'"),
    (["training.seed"], "r.yaml, --set training.seed: expected key.path=value"),
    (["training..seed=1"], "r.yaml, --set training..seed=1: the key path has an empty part"),
    (
      ["training.seed={"],
      "r.yaml, --set training.seed={: is not YAML: did not find expected node content (while parsing a flow node)"
    ),
    (
      ["model.encoder.blocks=[{}]", "model.encoder.blocks.1.width=3"],
      "r.yaml, --set model.encoder.blocks.1.width=3: model.encoder.blocks.1: expected the number of an item, 0 to 0"
    ),
    (
      ["objective.kind=maskd"],
      "r.yaml, --set objective.kind=maskd: objective.kind: expected one of \(objectiveKinds), got 'maskd'; did you mean 'masked'?"
    ),
    (["optimizer.kind=sgd"], "r.yaml, line 5: optimizer.learningRate: is missing; expected a number above 0"),
  ])
  func errorsNameTheOverride(overrides: [String], expected: String) {
    #expect(error(overrides) == expected)
  }
}
