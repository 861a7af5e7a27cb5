import TestSupport
import Testing

extension Trainings {
  /// Recipes in which nothing is wrong but that the data set gives them nothing to learn from.
  @Suite struct UnfitDataTests {
    /// Waves of 40 to 160 timesteps, 54 of 90 for training, all labelled.
    private static let waves = Result { try PlainDataset.waves(lengths: someLengths(90, 40...160)).write("waves") }

    private func line(_ command: String, _ objective: String, _ more: String = "") throws -> String {
      let recipe = try Workplace.file(
        "recipe.yaml",
        """
        model: {input: {kind: reals}, encoder: {kind: resnet, width: 4, causal: true}}
        objective: \(objective)
        optimizer: {kind: adamw, learningRate: 0.01}
        schedule: {kind: constant}
        training: {steps: 4, validateEvery: 0}
        """)
      return "\(command) \(recipe) --data \(try Self.waves.get()) --out \(Workplace.place("run")) \(more)"
    }

    @Test(arguments: [
      "{kind: contrastive, crop: 0.5}", "{kind: combined, parts: [{kind: next}, {kind: contrastive, crop: 0.5}]}",
      "{kind: predictive, steps: 1, anchors: 1}",
    ])
    func everySequenceAlone(objective: String) throws {
      let kind = objective.contains("combined") ? "combined" : objective.contains("pred") ? "predictive" : "contrastive"
      try refused(
        line("pretrain", objective, "--set batch.timesteps=50"), ranks: 2, code: 64,
        saying: "batch.timesteps: each step of 50 has one sequence, which \(kind) has nothing to compare with: ")
      try refused(
        line("pretrain", objective, "--data-fraction 0.01"), code: 64,
        saying: "objective.kind: \(kind) tells sequences from one another, and the training has one")
      try refused(line("pretrain", objective, "--set batch.sequences=1"), code: 64, saying: "batch.sequences")
    }

    @Test func aQueueIsEnoughToCompareWith() throws {
      try lockstep(line("pretrain", "{kind: contrastive, crop: 0.5, queue: 64}", "--set batch.timesteps=50"))
    }

    @Test func noLabelIsLeftToGuess() throws {
      let objective = "{kind: classify, pseudoLabels: {rounds: 1}}"
      try refused(
        line("train", objective), ranks: 2, code: 64,
        saying: "objective.pseudoLabels: the label of every training sequence is used", "--label-fraction")
      try lockstep(line("train", objective, "--label-fraction 0.5"))
    }
  }
}
