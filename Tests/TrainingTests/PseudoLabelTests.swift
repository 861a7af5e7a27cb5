import Networks
import PackedTensors
import SequenceData
import TestSupport
import Testing

@testable import Training

/// Labels that a classifier guesses.
@Suite struct PseudoLabelTests {
  private static func yaml(_ pseudoLabels: String, training: String = "{steps: 10}") -> String {
    """
    model: {input: {kind: reals}, encoder: {kind: resnet, width: 6, activation: gelu}}
    objective:
      kind: classify
      pseudoLabels: \(pseudoLabels)
    optimizer: {kind: sgd, learningRate: 0.1}
    schedule: {kind: constant}
    training: \(training)
    """
  }

  @Test func theSurestAreChosen() {
    let guesses = [(4, 0, 0.9), (2, 1, 0.8), (7, 0, 0.95), (1, 0, 0.9), (9, 1, 0.5), (3, 0, 0.7)].map {
      ClassGuess(id: $0.0, label: $0.1, probability: $0.2)
    }
    #expect(guesses.chosen(threshold: 0.8, perClass: nil).map(\.id) == [1, 2, 4, 7])
    #expect(guesses.chosen(threshold: 0, perClass: 2).map(\.id) == [1, 2, 7, 9])
    #expect(guesses.chosen(threshold: 1, perClass: nil).isEmpty)
    let held = GuessedLabels(round: 1, step: 5, epoch: 2, weight: 0.5, ids: [1, 2, 7, 9], classes: [0, 1, 0, 1])
    #expect((0...10).map { held[$0] } == [nil, 0, 1, nil, nil, nil, nil, 0, nil, 1, nil])
  }

  @Test func stagesDivideTheSteps() throws {
    let recipe = try Recipe(yaml: Self.yaml("{rounds: 3}"))
    let section = try #require((recipe.objective as? ClassifyRecipe)?.pseudoLabels)
    #expect(section.beginnings(of: 10) == [2, 5, 7])
    #expect(section.beginnings(of: 4) == [1, 2, 3])
    #expect(try Recipe(yaml: recipe.resolvedYAML) == recipe)
    let average = try Recipe(yaml: Self.yaml("{teacher: average, perClass: 4, weight: 0.2}"))
    #expect(try Recipe(yaml: average.resolvedYAML) == average)
    #expect((average.objective as? ClassifyRecipe)?.pseudoLabels?.decay == 0.99)
    #expect((try Recipe(yaml: Self.yaml("null")).objective as? ClassifyRecipe)?.pseudoLabels == nil)
  }

  @Test func recipesThatCannotBeKeptAreRefused() {
    func refuses(_ yaml: String, _ words: String) {
      do {
        _ = try Recipe(yaml: yaml)
        Issue.record("accepted: \(yaml)")
      } catch {
        #expect("\(error)".contains(words), "\(error)")
      }
    }
    refuses(Self.yaml("{}", training: "{epochs: 3}"), "line 4: objective.pseudoLabels: needs training.steps in place")
    refuses(
      Self.yaml("{}", training: "{steps: 9, classes: [a]}"),
      "objective.pseudoLabels: whether a sequence without a label")
    refuses(Self.yaml("{rounds: 10}"), "objective.pseudoLabels.rounds: 10 rounds and the stage before them need more")
    refuses(
      Self.yaml("{}", training: "{steps: 10, earlyStopping: {patience: 2}}"),
      "objective.pseudoLabels: training.earlyStopping could end the training")
    refuses(Self.yaml("{decay: 0.9}"), "objective.pseudoLabels.decay: a fixed teacher is no average")
    refuses(Self.yaml("{threshold: 1.5}"), "objective.pseudoLabels.threshold: expected a number from 0 to 1")
    refuses(Self.yaml("{weight: 0}"), "objective.pseudoLabels.weight: expected a number above 0")
    refuses(Self.yaml("{round: 2}"), "objective.pseudoLabels.round: unknown key; did you mean 'rounds'?")
  }

  @Test func gradientsOfWeightedSequencesAreSlopes() throws {
    var numbers = Numbers(seed: 8)
    let layout = RaggedLayout(lengths: [30, 24, 41, 60])
    let values = PackedTensor(layout: layout, channels: 1, elements: numbers.floats(layout.timesteps, scale: 2))
    var batch = Batch(raw: values, values: values, ids: [3, 5, 6, 9], labels: [0, 1, 2, 1])
    batch.labelWeights = [1, 0.25, 1, 2]
    try LossSlopes.check(
      Self.yaml("{}"), DataDescription(features: 1, values: .reals, classes: ["a", "b", "c"]), batch)
  }
}
