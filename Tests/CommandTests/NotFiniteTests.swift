import ArrayFiles
import SequenceData
import TestSupport
import Testing

extension Commands {
  /// Numbers that overflow: the step is left out on all ranks, and the sequences to blame are named.
  @Suite struct NotFiniteTests {
    /// A data set of waves in which one training sequence has values that are finite and too large, and its id.
    private func loudData() throws -> (path: String, id: Int) {
      let data = try PlainDataset.waves(lengths: someLengths(60, 20...60)).write()
      let dataset = try SequenceDataset(at: data)
      let id = (0..<dataset.count).filter { dataset.split(of: $0) == .train }[17]
      let first = (0..<id).reduce(0) { $0 + dataset.length(of: $1) }
      for t in 0..<12 {
        try PlainDataset.patch(data, "values-00000.npy", at: first + t, Float(t % 2 == 0 ? 3e38 : -3e38))
      }
      return (data, id)
    }

    private func experiment(_ data: String) -> Experiment {
      var made = Experiment(
        data: data,
        model: """
          model: {input: {kind: reals}, encoder: {kind: resnet, width: 8}}
          objective: {kind: masked}
          """)
      (made.sequences, made.steps, made.validateEvery, made.learningRate) = (4, 25, 0, 0.001)
      return made
    }

    @Test(arguments: ["float32", "bfloat16"]) func aStepThatOverflowsIsLeftOutOnAllRanks(precision: String) throws {
      let (data, id) = try loudData()
      var experiment = experiment(data)
      experiment.model += "\nprecision: \(precision)"
      let alone = try experiment.run()
      let run = TrainedRun(path: Workplace.place("loud"))
      let said = try lockstep("pretrain \(try experiment.recipe) --data \(data) --out \(run.path)", ranks: 3)
      try run.expectSameBits(as: alone, at: 25, "with skipped steps")
      let skipped = try run.steps.filter { $0.skippedFor != nil }
      // Two and a half epochs: the sequence comes two or three times.
      #expect((2...3).contains(skipped.count), "\(skipped)")
      #expect(skipped.allSatisfy { $0.skippedFor == [id] }, "\(skipped)")
      #expect(try run.steps.filter { $0.skippedFor == nil }.allSatisfy { $0.loss?.isFinite ?? false })
      #expect(said.errors.contains("not finite even alone: sequence \(id)"), "\(said.errors)")
      // Stopped between two of them and gone on with: the count goes on too.
      let stop = try #require(skipped.first).step + 1
      let parts = try experiment.run(ranks: 2, ["--stop-after", "\(stop)"], expecting: 75)
      try experiment.run(into: parts.path)
      try parts.expectSameBits(as: alone, at: 25, "stopped behind a skipped step")
    }

    @Test func tooManyInARowEndTheJob() throws {
      let experiment = experiment(try loudData().path)
      let rate = ["--set", "optimizer={kind: sgd, learningRate: 1e30}", "--set", "training.maxSkippedSteps=3"]
      let run = TrainedRun(path: Workplace.place("diverging"))
      let said = try lockstep(
        "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(run.path)", rate, ranks: 2, expecting: 70)
      #expect(said.errors.contains("4 steps in a row have been skipped"), "\(said.errors)")
      #expect(said.errors.contains("training.maxSkippedSteps"), "\(said.errors)")
      #expect(try run.steps.suffix(4).allSatisfy { $0.loss == nil })
    }
  }
}
