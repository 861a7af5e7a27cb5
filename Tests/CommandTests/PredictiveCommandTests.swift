import TestSupport
import Testing

extension Trainings {
  /// Contrastive predictive coding: the same bits on any number of ranks.
  @Suite struct PredictiveCommandTests {
    @Test(arguments: ["{kind: categories}", "{kind: reals, normalise: sequence}"])
    func sameBits(input: String) throws {
      var experiment = try Experiment.masked.get()
      experiment.model = """
        model: {input: \(input), encoder: {kind: resnet, width: 12, blocks: [{stride: 2}, {stride: 2}], causal: true}}
        objective: {kind: predictive, steps: 3, anchors: 4, hidden: 16, latent: 8}
        """
      experiment.steps = 24
      let alone = try experiment.run()
      try experiment.expectLearning(alone)
      for (ranks, threads) in [(2, 2), (3, 1)] {
        let run = try experiment.run(ranks: ranks, ["--threads", "\(threads)"])
        try run.expectSameBits(as: alone, at: 24, "\(ranks) ranks of \(threads) threads")
      }
      let stopped = try experiment.run(ranks: 3, ["--stop-after", "11"], expecting: 75)
      try experiment.run(ranks: 2, into: stopped.path)
      try stopped.expectSameBits(as: alone, at: 24, "stopped on 3 ranks, resumed on 2")
    }

    @Test func aSequenceThatIsTooShortIsNamed() throws {
      var experiment = try Experiment.masked.get()
      experiment.model = """
        model: {input: {kind: categories}, encoder: {kind: resnet, width: 12, blocks: [{stride: 8}], causal: true}}
        objective: {kind: predictive, steps: 64}
        """
      let path = Workplace.place("run")
      try refused(
        "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(path)", ranks: 2, code: 64,
        saying: "objective.steps (64 of 8 timesteps each, and one before them): 513 is more than sequence")
    }
  }
}
