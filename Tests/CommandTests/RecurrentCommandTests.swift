import TestSupport
import Testing

extension Commands {
  /// Recurrent encoders: the same bits on any number of ranks and threads.
  @Suite struct RecurrentCommandTests {
    @Test(arguments: [
      "{kind: lstm, width: 12, layers: 2, bidirectional: true, dropout: 0.1}",
      "{kind: gru, width: 16, stem: {width: 8, kernel: 4, stride: 2}}",
    ])
    func maskedPretraining(encoder: String) throws {
      var experiment = try Experiment.masked.get()
      experiment.model = """
        model: {input: {kind: categories}, encoder: \(encoder)}
        objective: {kind: masked, ratio: 0.4, span: 2}
        """
      try expectSameBits(experiment)
    }

    @Test(arguments: ["lstm", "gru"]) func sequencesComparedWithEachOther(kind: String) throws {
      var experiment = try Experiment.masked.get()
      experiment.model = """
        model: {input: {kind: reals, normalise: dataset}, encoder: {kind: \(kind), width: 16}, pool: max}
        objective: {kind: contrastive, crop: 0.8, jitter: 0.1}
        """
      try expectSameBits(experiment)
    }

    @Test func inBfloat16() throws {
      var experiment = try Experiment.masked.get()
      experiment.model = """
        precision: bfloat16
        model: {input: {kind: reals, normalise: sequence}, encoder: {kind: lstm, width: 9}}
        objective: {kind: next}
        """
      try expectSameBits(experiment)
    }

    private func expectSameBits(_ experiment: Experiment) throws {
      var experiment = experiment
      experiment.steps = 20
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

    @Test func twoDirectionsSeeWhatIsNext() throws {
      var experiment = try Experiment.masked.get()
      experiment.model = """
        model: {input: {kind: categories}, encoder: {kind: lstm, width: 8, bidirectional: true}}
        objective: {kind: next}
        """
      let line = "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(Workplace.place("run"))"
      try refused(line, ranks: 2, code: 64, saying: "objective.kind: next needs model.encoder.bidirectional: false")
    }

    @Test func theyAreUsedAsOthersAre() throws {
      var experiment = try Experiment.classified.get()
      experiment.model = """
        model: {input: {kind: reals, normalise: sequence}, encoder: {kind: gru, width: 16, bidirectional: true}}
        objective: {kind: masked}
        """
      (experiment.steps, experiment.command) = (8, "pretrain")
      let said = try lockstep("plan \(try experiment.recipe) --data \(experiment.data) --ranks 2")
      #expect(said.output.contains("receptive field the whole sequence"), "\(said.output)")
      let pretrained = try experiment.run()
      experiment.command = "finetune"
      let tuned = try experiment.run(ranks: 2, ["--encoder", pretrained.path])
      let out = Workplace.place("embedded.npy")
      try lockstep("embed --model \(tuned.path) --data \(experiment.data) --out \(out)")
      try lockstep("evaluate --model \(tuned.path) --data \(experiment.data)")
    }
  }
}
