import SequenceData
import TestSupport
import Testing

extension Commands {
  /// Memory of a training: known before it begins, and taken at its beginning.
  @Suite struct MemoryTests {
    @Test func whoStartsARunDoesNotCount() throws {
      let experiment = try Experiment.masked.get()
      let run = TrainedRun(path: Workplace.place("run"))
      // A program of more than 500 MB that becomes lockstep.
      let large = ["perl", "-e", "my $x = 'x' x 500_000_000; exec @ARGV"]
      let job = try MPIRun.startAlone(
        "lockstep", ["pretrain", try experiment.recipe, "--data", experiment.data, "--out", run.path], wrapper: large)
      let result = job.wait()
      #expect(result.code == 0, "\(result.summary)")
      let peaks = try run.steps.map { $0.peakBytes ?? 0 }
      #expect(peaks.allSatisfy { $0 > 10_000_000 && $0 < 400_000_000 }, "\(peaks)")
    }

    /// Asked of a plan: in the tests' own process others take memory from the same pool.
    @Test func attentionTakesMemoryInProportionToTheLength() throws {
      var experiment = try Experiment.masked.get()
      experiment.model = """
        model:
          input: {kind: reals}
          encoder: {kind: transformer, width: 64, layers: 2, heads: 2}
        objective: {kind: masked, ratio: 0.4, span: 2}
        """
      let plan = try lockstep("plan \(try experiment.recipe) --data \(experiment.data)")
      let line = try #require(plan.lines.first { $0.hasPrefix("memory: ") })
      let words = line.split(separator: " ")
      let unit = try #require(words.firstIndex(of: "each;"))
      let bytes = try #require(Int(words[unit - 2]))
      // Of each layer input, queries, keys, values, attended, between and widened: 10 widths, and some for gradients.
      #expect(bytes > 2 * 10 * 64 * 4 && bytes < 2 * 2 * 10 * 64 * 4, "\(line)")
    }

    @Test(arguments: [1, 2])
    func thePeakIsKnownFromThePlan(ranks: Int) throws {
      let data = Workplace.place("long-sequences")
      try lockstep("data generate \(data) --sequences 48 --lengths 4000..30000 --classes 2 --unlabelled 0 --seed 1")
      var experiment = Experiment(
        data: data,
        model: """
          model:
            input: {kind: reals}
            encoder: {kind: resnet, width: 64, blocks: 2}
          objective: {kind: classify}
          """)
      (experiment.command, experiment.steps, experiment.validateEvery) = ("train", 6, 0)
      (experiment.timesteps, experiment.sequences) = (200_000, 6)

      let plan = try lockstep("plan \(try experiment.recipe) --data \(data) --ranks \(ranks)")
      let line = try #require(plan.lines.first { $0.hasPrefix("memory: ") })
      let planned = try #require(Int(line.split(separator: " ")[1])) * 1_000_000

      let run = try experiment.run(ranks: ranks)
      let peaks = try run.steps.map { try #require($0.peakBytes) }
      let most = try #require(peaks.last)
      // The program, MPI and what they map come on top.
      #expect(most > planned && most < planned + 100_000_000, "planned \(planned), taken \(peaks)")
      let longest = try #require(try run.steps.max { $0.timesteps! < $1.timesteps! }).step
      #expect(longest > 2, "the longest step must come late for this test to tell anything")
      #expect(Double(most) < 1.05 * Double(peaks[1]), "the memory grew after the second step: \(peaks)")
    }
  }
}
