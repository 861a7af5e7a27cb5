import ArrayFiles
import TestSupport
import Testing

extension Trainings {
  /// Momentum contrast: the queue and the averaged encoder are the same bits on any number of ranks, and go on after a
  /// stop.
  @Suite struct MomentumContrastCommandTests {
    private static func experiment(_ objective: String) throws -> Experiment {
      var experiment = try Experiment.masked.get()
      experiment.model = """
        model:
          input: {kind: reals, normalise: sequence}
          encoder: {kind: resnet, width: 12, blocks: [{stride: 2}], dropout: 0.1}
        objective: \(objective)
        """
      (experiment.steps, experiment.validateEvery, experiment.sequences) = (24, 8, 12)
      return experiment
    }

    @Test(arguments: [
      "{kind: contrastive, window: 40, within: 20, jitter: 0.1, queue: 30, momentum: 0.9}",
      "{kind: combined, parts: [{kind: masked}, {kind: contrastive, crop: 0.6, queue: 12, weight: 0.2}]}",
    ])
    func sameBits(objective: String) throws {
      let experiment = try Self.experiment(objective)
      let alone = try experiment.run()
      // At first the queue's keys are drawn and easily told from: the loss rises as they become real ones.
      let start = try experiment.run(["--stop-after", "1"], expecting: 75)
      for (before, after) in zip(try start.tensors(1), try alone.tensors(24)) {
        #expect(before != after, "\(before.name) did not change")
      }
      for (ranks, threads) in [(2, 2), (3, 1), (8, 1)] {
        let run = try experiment.run(ranks: ranks, ["--threads", "\(threads)"])
        try run.expectSameBits(as: alone, at: 24, "\(ranks) ranks of \(threads) threads")
      }
      let stopped = try experiment.run(ranks: 3, ["--stop-after", "11"], expecting: 75)
      try experiment.run(ranks: 2, into: stopped.path)
      try stopped.expectSameBits(as: alone, at: 24, "stopped on 3 ranks, resumed on 2")
    }

    @Test func theAverageStandsBesideTheMoments() throws {
      let experiment = try Self.experiment("{kind: contrastive, window: 40, within: 20, queue: 30, momentum: 0.9}")
      let run = try experiment.run(["--stop-after", "11"], expecting: 75)
      let averaged = try SafetensorsFile(path: run.checkpoint(11) + "/optimizer.safetensors").tensors()
      for tensor in try run.tensors(11) where tensor.name.hasPrefix("encoder.") && tensor.name.hasSuffix("weight") {
        let own = try #require(averaged.first { $0.name == "average." + tensor.name })
        #expect(own.shape == tensor.shape && own.elements != tensor.elements, "\(tensor.name)")
      }
      #expect(try run.tensors(11).contains { $0.name == "objective.queue.keys" && $0.shape == [30 * 64] })
      #expect(!averaged.contains { $0.name == "average.objective.queue.keys" })
    }

    @Test func aQueueThatIsTooShortIsRefused() throws {
      let experiment = try Self.experiment("{kind: contrastive, window: 40, within: 20, queue: 11}")
      try refused(
        "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(Workplace.place("run"))", ranks: 2,
        code: 64, saying: "objective.queue: 11 keys are fewer than a step brings (batch.sequences: 12)")
    }
  }
}
