import ArrayFiles
import Foundation
import TestSupport
import Testing

extension Commands {
  /// A program of another package with an encoder of its own: `docs/examples/own-encoder`.
  @Suite struct OwnEncoderTests {
    @Test func itTrainsWithTheSameBits() throws {
      let waves = PlainDataset.waves(lengths: (0..<60).map { 40 + 7 * ($0 % 11) }, features: 2)
      let experiment = Experiment(
        data: try waves.write(),
        model: """
          model:
            input: {kind: reals, normalise: sequence}
            encoder: {kind: pyramid, width: 16, levels: 2}
          objective: {kind: next}
          """)
      var runs: [TrainedRun] = []
      for ranks in 1...3 {
        let run = TrainedRun(path: Workplace.place("run"))
        let result = try MPIRun.run(
          ranks: ranks, "own-encoder", [try experiment.recipe, experiment.data, run.path])
        #expect(result.code == 0, "\(result.summary)")
        runs.append(run)
        try run.expectSameBits(as: runs[0], at: 30, "\(ranks) ranks")
      }
      let losses: [Double] = try runs[0].steps.compactMap { $0.loss }
      let (first, last) = (losses.prefix(3).reduce(0, +), losses.suffix(3).reduce(0, +))
      #expect(last < first, "\(losses)")
      let names = try runs[0].tensors(30).map { $0.name }
      #expect(names.contains("encoder.levels.0.conv.weight"), "\(names)")
      #expect(names.contains("encoder.levels.1.norm.running_var"), "\(names)")
      // The program that does not know the encoder says so.
      let strange = try MPIRun.runAlone(
        "lockstep", ["embed", "--model", runs[0].path, "--data", experiment.data, "--out", Workplace.place("x.npy")])
      #expect(strange.code == 64 && strange.errors.contains("pyramid"), "\(strange.summary)")
    }
  }
}
