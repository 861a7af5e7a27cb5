import ArrayFiles
import Foundation
import TestSupport
import Testing

extension Trainings {
  /// A program of another package with an encoder and an objective of its own: `docs/examples/own-encoder`.
  @Suite struct OwnEncoderTests {
    @Test func anObjectiveTrainsWithTheSameBits() throws {
      // Sawteeth, which rise slowly and fall at once: turned round they fall slowly.
      var teeth = PlainDataset.waves(lengths: (0..<60).map { 40 + 7 * ($0 % 11) }, features: 1)
      teeth.sequences = teeth.sequences.enumerated().map { index, wave in
        wave.indices.map { Float(($0 + 3 * index) % (8 + index % 5)) / 8 }
      }
      var experiment = Experiment(
        data: try teeth.write(),
        model: """
          model:
            input: {kind: reals, normalise: sequence}
            encoder: {kind: resnet, width: 16, kernel: 5, blocks: 1}
          objective: {kind: direction, dropout: 0.1}
          """)
      experiment.validateEvery = 0
      let runs = try trainedAlike(experiment)
      let told = try runs[0].steps.suffix(3).compactMap(\.accuracy)
      #expect(told.count == 3 && told.reduce(0, +) > 0.9 * 3, "\(told)")
      // The encoder of such a run is one that every program knows.
      let labelled = Workplace.place("tuned")
      var plain = experiment
      (plain.model, plain.steps) = (experiment.model.replacing("direction, dropout: 0.1", with: "classify"), 2)
      try lockstep(
        "finetune \(try plain.recipe) --data \(experiment.data) --encoder \(runs[0].path) --out \(labelled)")
      experiment.model = experiment.model.replacing("direction, dropout: 0.1", with: "direction, dropuot: 0.1")
      let wrong = try MPIRun.runAlone(
        "own-encoder", [try experiment.recipe, experiment.data, Workplace.place("run")])
      #expect(wrong.code == 64 && wrong.errors.contains("did you mean 'dropout'?"), "\(wrong.summary)")
    }

    /// Runs of the example program on 1, 2 and 3 ranks, which have the same bits.
    private func trainedAlike(_ experiment: Experiment) throws -> [TrainedRun] {
      var runs: [TrainedRun] = []
      for ranks in 1...3 {
        let run = TrainedRun(path: Workplace.place("run"))
        let result = try MPIRun.run(
          ranks: ranks, "own-encoder", [try experiment.recipe, experiment.data, run.path])
        #expect(result.code == 0, "\(result.summary)")
        runs.append(run)
        try run.expectSameBits(as: runs[0], at: 30, "\(ranks) ranks")
      }
      return runs
    }

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
      let runs = try trainedAlike(experiment)
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
