import TestSupport
import Testing

extension Trainings {
  /// The encoder `transformer`: the same bits on any number of ranks, resumed or not.
  @Suite struct TransformerCommandTests {
    private func expectSameBits(_ experiment: Experiment, _ more: [String] = []) throws -> TrainedRun {
      let alone = try experiment.run(more)
      try experiment.expectLearning(alone)
      for (ranks, threads) in [(1, 2), (2, 2), (3, 1)] {
        let run = try experiment.run(ranks: ranks, more + ["--threads", "\(threads)"])
        try run.expectSameBits(as: alone, at: experiment.steps, "\(ranks) ranks of \(threads) threads")
      }
      return alone
    }

    @Test func maskedThenFineTuned() throws {
      var experiment = try Experiment.masked.get()
      experiment.model = """
        model:
          input: {kind: categories}
          encoder: {kind: transformer, width: 16, layers: 2, heads: 2, dropout: 0.1, stem: {kernel: 4, stride: 2}}
        objective: {kind: masked}
        """
      experiment.steps = 20
      let alone = try expectSameBits(experiment)
      let stopped = try experiment.run(ranks: 3, ["--stop-after", "9"], expecting: 75)
      try experiment.run(ranks: 2, into: stopped.path)
      try stopped.expectSameBits(as: alone, at: 20, "stopped on 3 ranks, resumed on 2")

      experiment.command = "finetune"
      experiment.model = experiment.model.replacing("{kind: masked}", with: "{kind: classify}")
      experiment.steps = 10
      let encoder = ["--encoder", alone.path]
      let tuned = try experiment.run(encoder)
      for (ranks, threads) in [(2, 2), (3, 1)] {
        let run = try experiment.run(ranks: ranks, encoder + ["--threads", "\(threads)"])
        try run.expectSameBits(as: tuned, at: 10, "fine-tuned on \(ranks) ranks of \(threads) threads")
      }
    }

    @Test func theNextValueOfACausalTransformer() throws {
      var experiment = try Experiment.masked.get()
      experiment.model = """
        model:
          input: {kind: reals, normalise: sequence}
          encoder: {kind: transformer, width: 12, layers: 1, heads: 3, positions: sinusoidal, causal: true,
            blocks: [{stride: 2}]}
        objective: {kind: next}
        """
      experiment.steps = 12
      _ = try expectSameBits(experiment)
    }

    @Test func linearLayersInBfloat16() throws {
      var experiment = try Experiment.masked.get()
      experiment.model = """
        model: {input: {kind: categories}, encoder: {kind: transformer, width: 16, layers: 1, heads: 2}}
        objective: {kind: masked}
        """
      experiment.steps = 4
      let bfloat16 = ["--set", "precision=bfloat16"]
      let alone = try experiment.run(bfloat16)
      let run = try experiment.run(ranks: 2, bfloat16)
      try run.expectSameBits(as: alone, at: 4, "two ranks in bfloat16")
      let other = try experiment.run()
      #expect(try firstDifference(alone.model(4), other.model(4)) != nil, "bfloat16 gave the bits of float32")
    }
  }
}
