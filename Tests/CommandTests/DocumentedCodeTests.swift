import Foundation
import TestSupport
import Testing

extension Trainings {
  /// The code in the documentation does what it is said to do.
  @Suite struct DocumentedCodeTests {
    @Test func dataSetsWrittenByNumPyAreRead() throws {
      let python = try PythonEnvironment.withNumPy()
      for page in ["data.md", "pytorch.md"] {
        let block = try #require(try DocumentedCode(page: page).texts("python").first)
        let folder = try empty("documented")
        try DocumentedCode.run(python, block, in: folder)
        try #require(try names(folder) == ["waves"], "\(page)")
        let said = try lockstep("data inspect \(folder)/waves")
        #expect(said.output.contains(page == "data.md" ? "40 sequences" : "240 sequences"), "\(said.output)")
      }
    }

    @Test func thePageShowsTheModuleAsItIs() throws {
      let module = try text(MPIRun.repository.path + "/Tests/PeerTests/lockstep_torch.py")
      #expect(try DocumentedCode(page: "pytorch.md").texts("python").last == module)
    }

    /// PyTorch, 200 MB, and every block of the page: `launch/test --long`.
    @Test(
      .enabled(
        if: ProcessInfo.processInfo.environment["LOCKSTEP_LONG_TESTS"] != nil, "a long form: launch/test --long runs it"
      ))
    func everyBlockRunsInPyTorch() throws {
      let python = try PythonEnvironment.torch()
      let page = try DocumentedCode(page: "pytorch.md")
      let folder = try empty("documented")
      var scripts = page.texts("python")
      try put(scripts.removeLast(), "lockstep_torch.py", in: folder)
      try put(try #require(page.texts("yaml").first), "recipe.yaml", in: folder)
      try DocumentedCode.run(python, scripts.removeFirst(), in: folder)
      for block in page.texts("sh") { try DocumentedCode.runLines(block, in: folder) }
      let said = try DocumentedCode.run(python, scripts.joined(separator: "\n"), in: folder)
      let accuracy = try #require(said.firstMatch(of: /accuracy (\d\.\d+) on 60 sequences, of 16 labels/), "\(said)")
      #expect(try #require(Double(accuracy.1)) > 0.8, "\(said)")
      #expect(exists(folder + "/tuned.safetensors"))
    }

    /// The module against the program: `launch/test --long`.
    @Test(
      .enabled(
        if: ProcessInfo.processInfo.environment["LOCKSTEP_LONG_TESTS"] != nil, "a long form: launch/test --long runs it"
      ), arguments: ONNXCase.all)
    func everyEncoderAgreesWithPyTorch(model: ONNXCase) throws {
      let python = try PythonEnvironment.torch()
      let (run, data) = try model.trained()
      let script = MPIRun.repository.path + "/Tests/PeerTests/agreement.py"
      let command = [python, script, run.path, data, "--lockstep", MPIRun.executable("lockstep")]
      let result = try MPIRun.startAlone(command: command, timeoutSeconds: 300).wait()
      #expect(result.code == 0 && result.output.contains(": agree"), "\(result.summary)")
    }

    private func empty(_ name: String) throws -> String {
      let folder = Workplace.place(name)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      return folder
    }

    private func put(_ content: String, _ name: String, in folder: String) throws {
      try Data(content.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
    }
  }
}

extension PythonEnvironment {
  /// With PyTorch for processors alone.
  static func torch() throws -> String {
    try interpreter(
      "torch",
      packages: [
        "torch==2.13.0+cpu", "numpy", "safetensors", "--extra-index-url", "https://download.pytorch.org/whl/cpu",
      ])
  }
}

extension ONNXCase {
  /// A classifier of this form after a few steps, and the data set of ragged sequences that it was trained on.
  func trained() throws -> (run: TrainedRun, data: String) {
    let lengths = someLengths(24, 1...90) + [1, 2, 200]
    let waves = PlainDataset.waves(lengths: lengths, features: features, categories: categories)
    var experiment = Experiment(data: try waves.write(), model: model + "\nobjective: {kind: classify}")
    (experiment.command, experiment.steps, experiment.validateEvery) = ("train", 4, 0)
    return (try experiment.run(), experiment.data)
  }
}
