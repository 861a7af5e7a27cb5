import ArrayFiles
import Foundation
import TestSupport
import Testing

extension Trainings {
  /// `lockstep export --onnx`.
  @Suite struct ONNXCommandTests {
    @Test func aClassifierGivesTwoFilesAndAnEncoderOne() throws {
      let classifier = try export(Experiment.classifiedReference.get(), "--onnx")
      let plain = try export(Experiment.classifiedReference.get(), "")
      #expect(try names(classifier) == (names(plain) + ["encoder.onnx", "model.onnx"]).sorted())
      for file in try names(plain) where file.contains(".") {
        #expect(try firstDifference(classifier + "/" + file, plain + "/" + file) == nil, "\(file)")
      }
      let pretrained = try export(Experiment.maskedReference.get(), "--onnx --checkpoint latest")
      #expect(try names(pretrained).filter { $0.hasSuffix(".onnx") } == ["encoder.onnx"])
    }

    @Test func equalModelsGiveEqualFiles() throws {
      let run = try Experiment.classifiedReference.get()
      let (first, second) = (try export(run, "--onnx"), try export(run, "--onnx"))
      for file in ["encoder.onnx", "model.onnx"] {
        #expect(try firstDifference(first + "/" + file, second + "/" + file) == nil)
      }
      let other = try export(run, "--onnx --checkpoint step-00000010")
      #expect(try firstDifference(first + "/model.onnx", other + "/model.onnx") != nil)
      // What a program needs to know of the model stands in the file.
      let content = String(decoding: try bytes(first + "/model.onnx"), as: UTF8.self)
      let step = try #require(run.step(of: "best"))
      for fact in ["classes", "recipe", "resnet", "\(step)", "logits"] {
        #expect(content.contains(fact), "model.onnx does not tell of \(fact)")
      }
    }

    /// ONNX Runtime and its companions, 50 MB, and what it computes of every case: `launch/test --long`.
    @Test(
      .enabled(
        if: ProcessInfo.processInfo.environment["LOCKSTEP_LONG_TESTS"] != nil, "a long form: launch/test --long runs it"
      ))
    func aRuntimeComputesWhatLockstepComputes() throws {
      let python = try PythonEnvironment.interpreter(
        "onnx", packages: ["onnx==1.23.2", "onnxruntime==1.32.0", "numpy"])
      var cases: [String] = []
      for model in ONNXCase.all {
        let (run, data) = try model.trained()
        cases += try used(run, on: data, isClassifier: true)
      }
      let pretrained = try Experiment.maskedReference.get()
      cases += try used(pretrained, on: Experiment.masked.get().data, isClassifier: false)
      let script = MPIRun.repository.path + "/Tests/PeerTests/onnx_agreement.py"
      let result = try MPIRun.startAlone(command: [python, script] + cases, timeoutSeconds: 300).wait()
      #expect(result.code == 0, "\(result.summary)\n\(ONNXCase.all.map(\.description))")
      #expect(result.lines.count { $0.hasSuffix(": agree") } == ONNXCase.all.count + 1, "\(result.summary)")

      // The page's own lines.
      let folder = Workplace.place("documented")
      let exported = try export(ONNXCase.all[0].trained().run, "--onnx")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try FileManager.default.moveItem(atPath: exported, toPath: folder + "/exported")
      let block = try #require(try DocumentedCode(page: "onnx.md").texts("python").first)
      let said = try DocumentedCode.run(python, block, in: folder)
      #expect(said.contains(/\['(slow|middle|fast)', '(slow|middle|fast)'\]/), "\(said)")
    }

    private func export(_ run: TrainedRun, _ more: String) throws -> String {
      let out = Workplace.place("exported")
      try lockstep("export --model \(run.path) --out \(out) \(more)")
      return out
    }

    /// A run's export, embeddings and predictions, as arguments of the comparison.
    private func used(_ run: TrainedRun, on data: String, isClassifier: Bool) throws -> [String] {
      let (embeddings, predictions) = (Workplace.place("embeddings.npy"), Workplace.place("predictions.csv"))
      let latest = "--checkpoint latest"
      try lockstep("embed --model \(run.path) --data \(data) --out \(embeddings) \(latest)")
      let arguments = ["--case", try export(run, "--onnx \(latest)"), data, embeddings]
      guard isClassifier else { return arguments }
      try lockstep("predict --model \(run.path) --data \(data) --out \(predictions) \(latest)")
      return arguments + [predictions]
    }
  }
}
