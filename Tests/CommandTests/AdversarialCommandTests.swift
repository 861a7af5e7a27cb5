import ArrayFiles
import Foundation
import SequenceData
import TestSupport
import Testing

extension Commands {
  /// A generator and its critic: the same bits on any number of ranks, and what is made.
  @Suite struct AdversarialCommandTests {
    private static let experiment = Result {
      var experiment = Experiment(
        data: try PlainDataset.waves(lengths: someLengths(60, 30...140), features: 1).write("waves-to-imitate"),
        model: """
          model: {input: {kind: reals, normalise: dataset}, encoder: {kind: critic, channels: 4, layers: 2, kernel: 9}}
          objective: {kind: adversarial, rate: 4000, latent: 6, criticSteps: 2, window: 96, phaseShuffle: 1}
          """)
      experiment.steps = 24
      experiment.validateEvery = 0
      return experiment
    }
    private static let reference = Result { try experiment.get().run() }

    @Test func sameBits() throws {
      let (experiment, reference) = (try Self.experiment.get(), try Self.reference.get())
      for (ranks, threads) in [(2, 1), (3, 1), (2, 2)] {
        let run = try experiment.run(ranks: ranks, ["--threads", "\(threads)"])
        try run.expectSameBits(as: reference, at: 24, "\(ranks) ranks of \(threads) threads")
      }
      // In the middle of the critic's steps.
      let stopped = try experiment.run(ranks: 3, ["--stop-after", "10"], expecting: 75)
      try experiment.run(ranks: 2, into: stopped.path)
      try stopped.expectSameBits(as: reference, at: 24, "stopped on 3 ranks, resumed on 2")
    }

    /// Where nothing is moved, slopes pass the activations in the convolutions' own adjoints.
    @Test func sameBitsWhereNothingIsMoved() throws {
      var experiment = try Self.experiment.get()
      experiment.model = experiment.model.replacing("phaseShuffle: 1", with: "phaseShuffle: 0")
      #expect(experiment.model.contains("phaseShuffle: 0"))
      experiment.steps = 6
      let reference = try experiment.run()
      try experiment.run(ranks: 2).expectSameBits(as: reference, at: 6, "2 ranks")
    }

    @Test func whatIsMadeIsTheSameOnAnyNumberOfRanks() throws {
      let (experiment, reference) = (try Self.experiment.get(), try Self.reference.get())
      func made(ranks: Int, _ more: String) throws -> String {
        let out = Workplace.place("made")
        let said = try lockstep("generate --model \(reference.path) --out \(out) \(more)", ranks: ranks)
        #expect(said.output.contains("made 12 sequences of"), "\(said.output)")
        return out
      }
      let like = "--like \(experiment.data) --sequences 12"
      let first = try made(ranks: 1, like)
      let dataset = try SequenceDataset(at: first)
      #expect(dataset.count == 12 && dataset.features == 1)
      #expect((0..<12).allSatisfy { (30...140).contains(dataset.length(of: $0)) })
      let other = try made(ranks: 3, like + " --threads 2")
      for name in ["values-00000.npy", "offsets-00000.npy", "wav/0.wav", "wav/11.wav"] {
        #expect(try bytes("\(first)/\(name)") == bytes("\(other)/\(name)"), "\(name)")
      }
      #expect(try bytes("\(made(ranks: 1, like + " --seed 2"))/wav/0.wav") != bytes("\(first)/wav/0.wav"))

      // The recordings hold the data set's values, which a reader of recordings gets back.
      let imported = Workplace.place("imported")
      try lockstep("data import \(first)/wav \(imported) --format wav")
      let recordings = try SequenceDataset(at: imported)
      #expect((0..<12).map { recordings.length(of: $0) }.sorted() == (0..<12).map { dataset.length(of: $0) }.sorted())
      try lockstep("data inspect \(first)")
    }

    @Test func whatCannotBeMadeIsRefused() throws {
      let reference = try Self.reference.get()
      let out = Workplace.place("nothing")
      let generate = "generate --model \(reference.path) --out \(out)"
      try refused(generate, code: 64, saying: "--lengths SHORTEST..LONGEST or --like DATA")
      try refused(generate + " --lengths 9..3", code: 64, saying: "expected SHORTEST..LONGEST")
      try refused(generate + " --lengths 3..9 --sequences 0", code: 64, saying: "--sequences 0")
      try refused(generate + " --like \(out)-absent", code: 66, saying: "\(out)-absent")
      try refused(
        "generate --model \(reference.path) --lengths 3..9 --out \(reference.path)", code: 64, saying: "not empty")
      let masked = try Experiment.maskedReference.get()
      try refused(
        "generate --model \(masked.path) --lengths 3..9 --out \(out)", code: 64, saying: "makes no sequences",
        "kind: adversarial")
      #expect(!FileManager.default.fileExists(atPath: out))
    }
  }
}
