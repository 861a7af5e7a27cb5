import ArrayFiles
import Foundation
import SequenceData
import TestSupport
import Testing

extension Trainings {
  /// Autoencoders: the same bits on any number of ranks, and what is restored.
  @Suite struct ReconstructionTests {
    private static let waves = Result {
      try PlainDataset.waves(lengths: someLengths(60, 30...140), features: 2).write("waves")
    }

    private static func experiment(_ objective: String, encoder: String, normalise: String = "dataset") throws
      -> Experiment
    {
      var experiment = Experiment(
        data: try waves.get(),
        model: """
          model: {input: {kind: reals, normalise: \(normalise)}, encoder: \(encoder)}
          objective: \(objective)
          """)
      experiment.steps = 24
      experiment.validateEvery = 8
      return experiment
    }

    /// A denoiser of frames of six timesteps.
    private static let denoiser = Result {
      try experiment(
        "{kind: denoise, code: 10, hidden: 16, noise: 0.5, mask: 0.1}",
        encoder: "{kind: resnet, width: 16, blocks: [{stride: 2}, {stride: 3}], dropout: 0.1}")
    }
    private static let denoised = Result { try denoiser.get().run() }

    @Test func sameBitsOfACodeAFrame() throws {
      let (experiment, reference) = (try Self.denoiser.get(), try Self.denoised.get())
      try experiment.expectLearning(reference)
      for (ranks, threads) in [(2, 1), (3, 1), (2, 2)] {
        let run = try experiment.run(ranks: ranks, ["--threads", "\(threads)"])
        try run.expectSameBits(as: reference, at: 24, "\(ranks) ranks of \(threads) threads")
      }
      let stopped = try experiment.run(ranks: 3, ["--stop-after", "11"], expecting: 75)
      try experiment.run(ranks: 2, into: stopped.path)
      try stopped.expectSameBits(as: reference, at: 24, "stopped on 3 ranks, resumed on 2")
    }

    @Test(arguments: [
      ("{kind: autoencode, per: sequence, code: 8, hidden: 16}", "{kind: resnet, width: 12, blocks: [{stride: 4}]}"),
      ("{kind: autoencode, code: 1, hidden: 8}", "{kind: tcn, width: 8, levels: 2}"),
    ])
    func sameBitsOfOtherCodes(objective: String, encoder: String) throws {
      let experiment = try Self.experiment(objective, encoder: encoder)
      let reference = try experiment.run()
      try experiment.expectLearning(reference)
      for (ranks, threads) in [(2, 2), (3, 1)] {
        let run = try experiment.run(ranks: ranks, ["--threads", "\(threads)"])
        try run.expectSameBits(as: reference, at: 24, "\(ranks) ranks of \(threads) threads")
      }
    }

    @Test func categoriesAreRestored() throws {
      var experiment = try Experiment.masked.get()
      experiment.model = """
        model: {input: {kind: categories}, encoder: {kind: resnet, width: 12, blocks: [{stride: 2}]}}
        objective: {kind: denoise, mask: 0.2, hidden: 16}
        """
      experiment.steps = 12
      let reference = try experiment.run()
      try experiment.run(ranks: 3).expectSameBits(as: reference, at: 12, "3 ranks")
      let out = Workplace.place("restored.npy")
      let said = try lockstep("reconstruct --model \(reference.path) --data \(experiment.data) --mask 0.3 --out \(out)")
      #expect(said.output.contains("share of categories that differ"), "\(said.output)")
      try refused(
        "reconstruct --model \(reference.path) --data \(experiment.data) --noise 0.3 --out \(out)", code: 64,
        saying: "--noise", "use --mask")
    }

    @Test func noiseIsTakenAway() throws {
      var experiment = try Self.denoiser.get()
      experiment.steps = 240
      let (run, data) = (try experiment.run(), try Self.waves.get())
      func restored(ranks: Int, _ more: String) throws -> (Data, [String: Any]) {
        let (out, json) = (Workplace.place("restored.npy"), Workplace.place("report.json"))
        try lockstep(
          "reconstruct --model \(run.path) --data \(data) --split test \(more) --out \(out) --json \(json)",
          ranks: ranks)
        let report = try JSONSerialization.jsonObject(with: try bytes(json)) as? [String: Any]
        return (try bytes(out), try #require(report))
      }
      let (values, report) = try restored(ranks: 1, "--noise 0.5")
      for ranks in [2, 3] { #expect(try restored(ranks: ranks, "--noise 0.5").0 == values, "\(ranks) ranks") }
      let (given, told) = (report["given"] as? Double ?? 0, report["restored"] as? Double ?? 0)
      #expect(abs(given - 0.25) < 0.02, "\(report)")
      #expect(told < given, "\(report)")
      let (_, clean) = try restored(ranks: 2, "")
      #expect(clean["given"] as? Double == 0 && clean["restored"] as? Double ?? 1 < told, "\(clean)")
      #expect(try restored(ranks: 1, "--noise 0.5 --seed 2").0 != values)
      // What was read without noise is the data set, but for the rounding of normalising it and back.
      func floats(_ data: Data) -> [Float] {
        Data(data.dropFirst(128)).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      }
      let read = floats(try restored(ranks: 2, "--given").0)
      let dataset = try SequenceDataset(at: data)
      var original: [Float] = []
      for id in 0..<dataset.count where dataset.split(of: id) == .test { original += try sequence(id, of: dataset) }
      #expect(read.count == original.count && zip(read, original).allSatisfy { abs($0 - $1) < 1e-4 })
      let noisy = floats(try restored(ranks: 1, "--noise 0.5 --given").0)
      #expect(noisy != read && noisy.count == read.count)
    }

    private func sequence(_ id: Int, of dataset: SequenceDataset) throws -> [Float] {
      var values = [Float](repeating: 0, count: dataset.length(of: id) * dataset.features)
      try values.withUnsafeMutableBufferPointer { try dataset.copyValues(of: id, into: $0) }
      return values
    }

    @Test func whatCannotBeRestoredIsRefused() throws {
      let (masked, data) = (try Experiment.maskedReference.get(), try Experiment.generated.get())
      let out = Workplace.place("restored.npy")
      try refused(
        "reconstruct --model \(masked.path) --data \(data) --out \(out)", ranks: 2, code: 64, saying: masked.path,
        "objective.kind: masked", "autoencode or denoise")
      try refused(
        "reconstruct --model \(masked.path) --data \(data) --out \(out) --mask 1", code: 64,
        saying: "--mask 1.0: expected a number from 0 to below 1")
      let experiment = try Self.experiment(
        "{kind: autoencode, code: 12}", encoder: "{kind: resnet, blocks: [{stride: 6}]}")
      try refused(
        "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(Workplace.place("run"))", ranks: 2,
        code: 64,
        saying: "objective.code: 12 channels have room for all 12 values of a frame")
    }
  }
}
