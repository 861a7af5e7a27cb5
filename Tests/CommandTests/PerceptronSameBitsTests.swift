import TestSupport
import Testing

extension Trainings {
  /// Vectors of a fixed width as sequences of one timestep.
  @Suite struct PerceptronSameBitsTests {
    @Test(arguments: [
      ("pretrain", "{kind: denoise, code: 3, hidden: 12, noise: 0.2}"),
      ("pretrain", "{kind: contrastive, jitter: 0.2, scaling: 0.1}"),
      ("train", "{kind: classify}"),
    ])
    func sameBits(command: String, objective: String) throws {
      let vectors = PlainDataset.waves(lengths: [Int](repeating: 1, count: 150), features: 8)
      var experiment = Experiment(
        data: try vectors.write(),
        model: """
          model:
            input: {kind: reals, normalise: dataset}
            encoder: {kind: mlp, width: 16, layers: 3, dropout: 0.1}
          objective: \(objective)
          """)
      (experiment.command, experiment.steps) = (command, 20)
      let alone = try experiment.run()
      try experiment.expectLearning(alone)
      for (ranks, threads) in [(1, 2), (2, 1), (3, 2)] {
        let run = try experiment.run(ranks: ranks, ["--threads", "\(threads)"])
        try run.expectSameBits(as: alone, at: 20, "\(ranks) ranks of \(threads) threads")
      }
      let stopped = try experiment.run(ranks: 3, ["--stop-after", "9"], expecting: 75)
      try experiment.run(ranks: 2, into: stopped.path)
      try stopped.expectSameBits(as: alone, at: 20, "stopped on 3 ranks, resumed on 2")
    }
  }
}
