import Foundation
import Testing
import Training

/// Every error names the key by its path and the line.
@Suite struct RecipeErrorTests {
  private func error(_ yaml: String) -> String {
    do throws(RecipeError) {
      _ = try Recipe(yaml: yaml, name: "r.yaml")
      return "no error"
    } catch {
      #expect(error.exitCode == 64)
      return error.description
    }
  }

  /// The example with one piece replaced by another.
  private struct Change: CustomTestStringConvertible, Sendable {
    let from: String
    let to: String
    let expected: String
    var testDescription: String { to }
  }

  private static let changes = [
    Change(
      from: "  seed: 7", to: "  sede: 7", expected: "r.yaml, line 9: training.sede: unknown key; did you mean 'seed'?"
    ),
    Change(
      from: "  encoder:", to: "  encodr:",
      expected: "r.yaml, line 3: model.encodr: unknown key; did you mean 'encoder'?"),
    Change(
      from: "seed: 7", to: "colour: 7",
      expected:
        "r.yaml, line 9: training.colour: unknown key; known here: checkpointEvery, classes, earlyStopping, epochs, histogramsEvery, keep, maxSkippedSteps, overlap, seed, steps, tensorboard, validateEvery, verifyEvery, watchdog"
    ),
    Change(
      from: "ratio: 0.3", to: "ahead: 1",
      expected: "r.yaml, line 4: objective.ahead: unknown key; known here: kind, ratio, span, target"),
    Change(
      from: "steps: 100", to: "steps: 1.5",
      expected: "r.yaml, line 8: training.steps: expected an integer not below 1, got '1.5'"),
    Change(
      from: "steps: 100", to: "steps: '100'",
      expected: "r.yaml, line 8: training.steps: expected an integer not below 1, got the text \"100\""),
    Change(
      from: "steps: 100", to: "steps: [100]",
      expected: "r.yaml, line 8: training.steps: expected an integer not below 1, got a list"),
    Change(
      from: "steps: 100", to: "steps: 0",
      expected: "r.yaml, line 8: training.steps: expected an integer not below 1, got '0'"),
    Change(
      from: "steps: 100", to: "steps: 99999999999999999999",
      expected: "r.yaml, line 8: training.steps: expected an integer not below 1, got '99999999999999999999'"),
    Change(
      from: "steps: 100", to: "keep: 1",
      expected: "r.yaml, line 7: training.steps: is missing; expected steps or epochs, an integer not below 1"),
    Change(
      from: "steps: 100", to: "epochs: 100001",
      expected: "r.yaml, line 8: training.epochs: expected an integer from 1 to 100000, got '100001'"),
    Change(
      from: "steps: 100", to: "{steps: 100",
      expected: "r.yaml, line 9: is not YAML: did not find expected ',' or '}' (while parsing a flow mapping)"),
    Change(
      from: "seed: 7", to: "epochs: 7",
      expected: "r.yaml, line 9: training.epochs: stands beside steps; say one of them"),
    Change(from: "seed: 7", to: "steps: 7", expected: "r.yaml, line 9: the key 'steps' stands there twice"),
    Change(
      from: "ratio: 0.3", to: "ratio: 1",
      expected: "r.yaml, line 4: objective.ratio: expected a number above 0 and below 1, got '1'"),
    Change(
      from: "ratio: 0.3", to: "ratio: nan",
      expected: "r.yaml, line 4: objective.ratio: expected a number above 0 and below 1, got 'nan'"),
    Change(
      from: "1e-3", to: "yes", expected: "r.yaml, line 5: optimizer.learningRate: expected a number above 0, got 'yes'"),
    Change(
      from: "kind: adamw", to: "kind: adam",
      expected: "r.yaml, line 5: optimizer.kind: expected one of adamw, sgd, got 'adam'; did you mean 'adamw'?"),
    Change(
      from: "kind: resnet, ", to: "",
      expected: "r.yaml, line 3: model.encoder.kind: is missing; expected one of \(encoderKinds)"),
    Change(
      from: "blocks: 2", to: "blocks: []",
      expected: "r.yaml, line 3: model.encoder.blocks: expected a list of mappings, got a list"),
    Change(
      from: "blocks: 2", to: "blocks: [{widht: 3}]",
      expected: "r.yaml, line 3: model.encoder.blocks[0].widht: unknown key; did you mean 'width'?"),
    Change(
      from: "blocks: 2", to: "causal: no",
      expected: "r.yaml, line 3: model.encoder.causal: expected true or false, got 'no'"),
    Change(
      from: "kind: masked, ratio: 0.3", to: "kind: next",
      expected:
        "r.yaml, line 4: objective.kind: next needs model.encoder.causal: true; an encoder that sees later timesteps has the answer in its input"
    ),
    Change(
      from: "kind: masked, ratio: 0.3", to: "kind: adversarial",
      expected:
        "r.yaml, line 4: objective.rate: is missing; expected timesteps a second, for the recordings that lockstep generate writes: an integer above 0"
    ),
    Change(
      from: "kind: reals", to: "kind: categories, normalise: dataset",
      expected:
        "r.yaml, line 2: model.input.normalise: categories are not normalised; use normalise: none, or kind: reals"),
    Change(
      from: "seed: 7", to: "validateEvery: 0\n  earlyStopping: {patience: 3}",
      expected: "r.yaml, line 10: training.earlyStopping: needs validation; set validateEvery above 0"),
    Change(
      from: "objective:", to: "batch: {lanes: 6}\nobjective:",
      expected: "r.yaml, line 4: batch.lanes: expected a power of two, got 6"),
    Change(
      from: "objective:", to: "precision: float16\nobjective:",
      expected: "r.yaml, line 4: precision: expected one of float32, bfloat16, got 'float16'; did you mean 'bfloat16'?"),
    Change(
      from: "schedule: {kind: cosine, warmupSteps: 10}", to: "",
      expected: "r.yaml: schedule: is missing; expected a mapping of keys"),
    Change(
      from: "schedule: {kind: cosine, warmupSteps: 10}", to: "schedule: cosine",
      expected: "r.yaml, line 6: schedule: expected a mapping of keys, got 'cosine'"),
    Change(
      from: "  seed: 7", to: "\tseed: 7",
      expected:
        "r.yaml, line 9: is not YAML: found a tab character that violates indentation (while scanning a plain scalar)"),
  ]

  @Test(arguments: changes) private func oneMistake(change: Change) {
    let yaml = exampleRecipe.replacingOccurrences(of: change.from, with: change.to)
    #expect(yaml != exampleRecipe)
    #expect(error(yaml) == change.expected)
  }

  @Test func spectrumOfCategories() {
    let yaml = exampleRecipe.replacingOccurrences(of: "kind: reals", with: "kind: categories")
      .replacingOccurrences(of: "ratio: 0.3", with: "target: spectrum")
    #expect(
      error(yaml)
        == "r.yaml, line 4: objective.target: categories have no spectrum; use target: values, or model.input.kind: reals"
    )
  }

  @Test func nothingAndNonsense() {
    #expect(error("") == "r.yaml: the recipe is empty")
    #expect(error("- 1") == "r.yaml, line 1: a recipe is a mapping of keys, got a list")
    #expect(error("model: [").hasPrefix("r.yaml, line "))
    #expect(error("[a]: 1") == "r.yaml, line 1: a key must be a plain word")
  }

  @Test func aliasesDoNotUnfoldWithoutBound() {
    var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...8 {
      yaml +=
        "a\(level): &a\(level) [" + [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ", ") + "]\n"
    }
    #expect(error(yaml).contains("more than 8 aliases"))
    #expect(error("a: [\(String(repeating: "x, ", count: 10_001))]").contains("more than 10000 parts"))
    #expect(error("a: \(String(repeating: "[", count: 10_001))").contains("nesting level"))
  }
}
