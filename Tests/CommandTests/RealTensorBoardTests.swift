import Foundation
import TestSupport
import Testing

/// What `Tests/PeerTests/tensorboard_shows.py` prints.
private struct Shown: Decodable {
  struct Row: Decodable {
    var settings: [String: Setting]
    var status: [String?]
    var metrics: [String: Double?]
  }
  /// A setting is a number, a truth value or a text; only numbers are asked for.
  struct Setting: Decodable {
    var number: Double?
    init(from decoder: any Decoder) throws { number = try? decoder.singleValueContainer().decode(Double.self) }
  }

  var scalars: [String: [[Double?]]]
  var histograms: [String: [Int]]
  var images: [String: [[Int]]]
  var hyperParameters: [Row]
}

extension Trainings {
  /// TensorBoard itself, from PyPI.
  @Suite(
    .enabled(
      if: ProcessInfo.processInfo.environment["LOCKSTEP_LONG_TESTS"] != nil, "a long form: launch/test --long runs it"))
  struct RealTensorBoardTests {
    @Test(arguments: [false, true]) func itShowsEveryTagAndEveryStepOnce(fast: Bool) throws {
      let python = try PythonEnvironment.interpreter("tensorboard", packages: ["tensorboard==2.21.0"])
      let experiment = try Experiment.classified.get()
      let histograms = ["--set", "training.histogramsEvery=6"]
      let run = try experiment.run(["--stop-after", "15"] + histograms, expecting: 75)
      try experiment.run(into: run.path, ["--resume", "step-00000010"] + histograms)

      let script = MPIRun.repository.appendingPathComponent("Tests/PeerTests/tensorboard_shows.py").path
      let answer = try MPIRun.startAlone(
        command: [python, script, run.path] + (fast ? ["--fast"] : []), timeoutSeconds: 120
      ).wait()
      try #require(answer.code == 0, "\(answer.summary)")
      let shown = try JSONDecoder().decode(Shown.self, from: Data(answer.output.utf8))

      let steps = try run.steps
      for (tag, expected) in [
        ("train/loss", steps.map(\.loss)), ("train/accuracy", steps.map(\.accuracy)),
        ("train/gradientNorm", steps.map(\.gradientNorm)), ("speed/imbalance", steps.map(\.imbalance)),
      ] {
        let points = shown.scalars[tag] ?? []
        #expect(points.map { $0[0] } == steps.map { Double($0.step) }, "\(tag)")
        #expect(points.map { $0[1] } == expected.map { $0.map { Double(Float($0)) } }, "\(tag)")
      }
      for tag in ["loss", "accuracy", "macroF1"] {
        #expect(shown.scalars["validation/" + tag]?.map { $0[0] } == [4, 8, 12, 16, 20, 24], "\(tag)")
      }
      for (tag, points) in shown.scalars where !tag.hasPrefix("validation/") { #expect(points.count == 24, "\(tag)") }
      #expect(shown.histograms.count > 8 && shown.histograms.values.allSatisfy { $0 == [6, 12, 18, 24] })
      let pictures = try #require(shown.images["validation/confusion"])
      #expect(pictures.map { $0[0] } == [4, 8, 12, 16, 20, 24] && pictures.allSatisfy { $0[1] == 144 && $0[2] == 144 })
      let row = try #require(shown.hyperParameters.first)
      #expect(shown.hyperParameters.count == 1 && row.status == ["STATUS_SUCCESS"], "\(row)")
      #expect(row.settings["optimizer.learningRate"]?.number == 0.01 && row.settings["batch.lanes"]?.number == 8)
      #expect(row.metrics["train/loss"] == steps.last?.loss.map { Double(Float($0)) }, "\(row.metrics)")
    }
  }
}
