import Foundation
import TestSupport
import Testing

extension Trainings {
  /// The pages for those who use the library, or add to it.
  @Suite struct DocumentationTests {
    @Test(arguments: ["adding-an-encoder", "adding-an-objective"]) func aPageShowsTheCodeAsItIs(page: String) throws {
      let blocks = try DocumentedCode(page: "tutorials/\(page).md").texts("swift")
      try #require(blocks.count >= 5)
      for block in blocks {
        let head = try #require(block.prefixMatch(of: #/// (\S+\.swift)\n/#), "a block names its file first: \(block)")
        let source = try text(MPIRun.repository.path + "/" + String(head.1))
        for piece in block[head.range.upperBound...].split(separator: #/ *// …\n/#) {
          #expect(source.contains(piece), "docs/tutorials/\(page).md shows what is not in \(head.1):\n\(piece)")
        }
      }
    }

    @Test(arguments: [
      "PackedTensors", "Networks", "MessagePassing", "DataParallel", "ArrayFiles", "SequenceData", "Checkpoints",
      "Training", "RunReports",
    ])
    func aModulesPageNamesWhatIsThere(module: String) throws {
      let folder = MPIRun.repository.path + "/Sources/" + module
      let page = try text(folder + "/\(module).docc/\(module).md")
      let files = try #require(FileManager.default.enumerator(atPath: folder)).compactMap { $0 as? String }
      var declared: Set<Substring> = [Substring(module)]
      for file in files where file.hasSuffix(".swift") {
        let declaration = #/(?m)^(?:public|@\w+ public) (?:final )?(?:struct|class|enum|protocol|typealias) (\w+)/#
        declared.formUnion(try text(folder + "/" + file).matches(of: declaration).map(\.1))
      }
      let named = page.matches(of: /``(\w+)``/).map(\.1)
      #expect(named.count >= 3)
      let strange = named.filter { !declared.contains($0) }
      #expect(strange.isEmpty, "\(module).docc names what is not public there: \(strange)")
    }

    /// The pages, built in a folder of their own: minutes.
    @Test(
      .enabled(
        if: ProcessInfo.processInfo.environment["LOCKSTEP_LONG_TESTS"] != nil, "a long form: launch/test --long runs it"
      ))
    func everyLinkLeadsSomewhere() throws {
      let out = Workplace.place("pages")
      let command = [
        MPIRun.repository.path + "/launch/documentation", out, "--scratch-path", Workplace.place("scratch"),
      ]
      let result = try MPIRun.startAlone(command: command, timeoutSeconds: 1800).wait()
      #expect(result.code == 0, "\(result.summary)")
      for module in ["packedtensors", "training"] { #expect(exists(out + "/documentation/\(module)/index.html")) }
    }

    /// The example as a user's package, by its own manifest: minutes.
    @Test(
      .enabled(
        if: ProcessInfo.processInfo.environment["LOCKSTEP_LONG_TESTS"] != nil, "a long form: launch/test --long runs it"
      ))
    func theExampleBuildsByItsOwnManifest() throws {
      let (scratch, run) = (Workplace.place("scratch"), TrainedRun(path: Workplace.place("run")))
      let package = MPIRun.repository.path + "/docs/examples/own-encoder"
      let build = ["swift", "build", "--package-path", package, "--scratch-path", scratch]
      let built = try MPIRun.startAlone(command: build, timeoutSeconds: 1800).wait()
      try #require(built.code == 0, "\(built.summary)")
      var experiment = Experiment(
        data: try PlainDataset.waves(lengths: someLengths(30, 20...60), features: 2).write(),
        model: """
          model:
            input: {kind: reals, normalise: sequence}
            encoder: {kind: pyramid, width: 16, levels: 2}
          objective: {kind: direction}
          """)
      (experiment.steps, experiment.validateEvery) = (3, 0)
      let command = [scratch + "/debug/own-encoder", try experiment.recipe, experiment.data, run.path]
      let result = try MPIRun.startAlone(command: command, timeoutSeconds: 120).wait()
      #expect(result.code == 0, "\(result.summary)")
      #expect(run.step(of: "latest") == 3)
    }
  }
}
