import ArrayFiles
import Foundation
import TestSupport
import Testing

extension TrainedRun {
  /// The files for TensorBoard, in the order of the attempts.
  fileprivate var events: [EventFile] {
    get throws { try names(path + "/tensorboard").map { try EventFile(path + "/tensorboard/" + $0) } }
  }
}

/// What a reader that keeps to the format shows of several files: the steps and values of a tag.
private func shown(_ tag: String, in files: [EventFile]) -> [(step: Int, value: Float)] {
  var points: [(step: Int, value: Float)] = []
  for event in files.flatMap(\.events) {
    if event.isStart { points.removeAll { $0.step >= event.step } }
    if let value = event.values[tag] { points.append((event.step, value)) }
  }
  return points
}

extension Trainings {
  /// `RUN/tensorboard`, read by a small reader; `RealTensorBoardTests` asks the real one.
  @Suite struct TensorBoardRunTests {
    @Test func aRunAndItsRepetitionTellEveryStepOnce() throws {
      let experiment = try Experiment.classified.get()
      let histograms = ["--set", "training.histogramsEvery=6"]
      let run = try experiment.run(["--stop-after", "15"] + histograms, expecting: 75)
      // Steps 11 to 15 are made again.
      try experiment.run(ranks: 2, into: run.path, ["--resume", "step-00000010"] + histograms)
      try run.expectSameBits(as: Experiment.classifiedReference.get(), at: 24, "histograms changed the run")

      let files = try run.events
      #expect(
        try names(run.path + "/tensorboard")
          == ["events.out.tfevents.00000001", "events.out.tfevents.00000002"])
      for file in files { #expect(file.events.first?.version == "brain.Event:2") }
      #expect(files.map { $0.events.first { $0.isStart }?.step } == [1, 11])
      #expect(files[0].events.last?.step == 15, "the first attempt's last step is lost")

      let steps = try run.steps
      for (tag, expected) in [
        ("train/loss", steps.map(\.loss)), ("train/accuracy", steps.map(\.accuracy)),
        ("train/learningRate", steps.map(\.learningRate)), ("train/gradientNorm", steps.map(\.gradientNorm)),
        ("speed/imbalance", steps.map(\.imbalance)), ("speed/inputSeconds", steps.map(\.inputSeconds)),
      ] {
        let points = shown(tag, in: files)
        #expect(points.map(\.step) == steps.map(\.step), "\(tag)")
        #expect(points.map(\.value) == expected.map { Float($0 ?? .nan) }, "\(tag)")
      }
      let validations = try run.rows.filter { $0.kind == "validation" }
      for (tag, expected) in [
        ("validation/loss", validations.map(\.loss)), ("validation/accuracy", validations.map(\.accuracy)),
        ("validation/macroF1", validations.map(\.macroF1)),
      ] {
        #expect(shown(tag, in: files).map(\.step) == [4, 8, 12, 16, 20, 24], "\(tag)")
        #expect(shown(tag, in: files).map(\.value) == expected.map { Float($0 ?? .nan) }, "\(tag)")
      }

      #expect(shown("_hparams_/session_start_info", in: files).count == 2)
      #expect(shown("_hparams_/session_end_info", in: files).map(\.step) == [24])
      let pictures = files.flatMap(\.events).compactMap { $0.pictures["validation/confusion"] }
      #expect(pictures.count == 7 && pictures.allSatisfy { $0.prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]) })
      try expectHistograms(of: run, in: files)
    }

    /// Every parameter has a histogram of its elements and of its gradient's, at every sixth step.
    private func expectHistograms(of run: TrainedRun, in files: [EventFile]) throws {
      let last = try #require(files[1].events.last { !$0.histograms.isEmpty })
      #expect(last.step == 24)
      let tensors = try run.tensors(24)
      let weights = last.histograms.keys.filter { $0.hasPrefix("weights/") }
      #expect(weights.count > 4 && last.histograms.count == 2 * weights.count)
      for tag in weights {
        let name = tag.dropFirst("weights/".count)
        let tensor = try #require(tensors.first { $0.name == name }, "\(tag) is no parameter")
        let elements = tensor.shape.reduce(1, *)
        #expect(last.histograms[tag]?.reduce(0, +) == Double(elements), "\(tag)")
        #expect(last.histograms["gradients/\(name)"]?.reduce(0, +) == Double(elements), "\(tag)")
      }
      #expect(shown(weights[0], in: files).map(\.step) == [6, 12, 18, 24])
    }

    @Test func whatCannotBeWrittenIsNoError() throws {
      let experiment = try Experiment.masked.get()
      let run = try experiment.run(["--stop-after", "12", "--set", "training.tensorboard=false"], expecting: 75)
      #expect(!exists(run.path + "/tensorboard"))
      try Data("somebody's".utf8).write(to: URL(fileURLWithPath: run.path + "/tensorboard"))
      try experiment.run(ranks: 2, into: run.path)
      try run.expectSameBits(as: Experiment.maskedReference.get(), at: 30, "gone on with without events")
      let log = try text(run.path + "/logs/attempt-00000002.log")
      #expect(log.contains("/tensorboard/events.out.tfevents.00000002: ") && log.contains("training goes on"), "\(log)")
      #expect(try text(run.path + "/tensorboard") == "somebody's")
    }
  }
}
