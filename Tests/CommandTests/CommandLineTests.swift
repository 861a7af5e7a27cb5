import Foundation
import TestSupport
import Testing

/// A command as `--experimental-dump-help` tells of it.
private struct DumpedCommand: Decodable {
  struct Argument: Decodable {
    struct Name: Decodable {
      var kind, name: String
    }
    var names: [Name]?
  }
  var commandName: String
  var discussion: String?
  var subcommands: [DumpedCommand]?
  var arguments: [Argument]?

  var options: Set<String> {
    Set((arguments ?? []).flatMap { $0.names ?? [] }.filter { $0.kind == "long" }.map { "--" + $0.name })
  }
  func command(at path: ArraySlice<String>) -> DumpedCommand {
    guard let first = path.first, let next = subcommands?.first(where: { $0.commandName == first }) else { return self }
    return next.command(at: path.dropFirst())
  }
}

extension Trainings {
  /// Help, completion, version, and what is said of mistyped commands.
  @Suite struct CommandLineTests {
    private static func dump() throws -> DumpedCommand {
      struct Dump: Decodable { var command: DumpedCommand }
      let said = try lockstep("--experimental-dump-help").output
      return try JSONDecoder().decode(Dump.self, from: Data(said.utf8)).command
    }

    @Test func everyCommandHasAnExampleWithOptionsThatThereAre() throws {
      let root = try Self.dump()
      var count = 0
      func look(_ command: DumpedCommand, _ path: [String]) {
        guard command.commandName != "help" else { return }
        let lines = (command.discussion ?? "").split(separator: "\n").map(String.init)
        let examples = lines.filter { $0.contains("lockstep \(path.joined(separator: " "))") }
        #expect(!examples.isEmpty, "lockstep \(path.joined(separator: " ")) has no example")
        for example in examples {
          let words = example.components(separatedBy: "lockstep ").dropFirst().joined().split(separator: " ")
          let known = root.command(at: words.map(String.init)[...]).options
          for word in words where word.hasPrefix("--") {
            let option = String(word.prefix { $0 != "=" })
            #expect(known.contains(option), "\(option) in: \(example)")
          }
        }
        count += 1
        for inner in command.subcommands ?? [] { look(inner, path + [inner.commandName]) }
      }
      look(root, [])
      #expect(count >= 22, "\(count)")
    }

    @Test func mistypedWordsAreToldWithWhatWasMeant() throws {
      try refused(
        "pretrian r.yaml", code: 64, saying: "there is no command pretrian; did you mean pretrain?",
        "Example: mpirun -n 4 lockstep pretrain ")
      try refused("data imprt", code: 64, saying: "there is no command data imprt; did you mean import?", "Example: ")
      try refused("nothing-like-it", code: 64, saying: "there is no command nothing-like-it; there are ", "finetune")
      try refused(
        "train r.yaml --dat x --out y", code: 64, saying: "there is no option --dat of train; did you mean --data?")
      try refused("evaluate --model x --jsn=y", code: 64, saying: "there is no option --jsn of evaluate", "--json?")
      try refused(
        "pretrain r.yaml -n 4", code: 64, saying: "-n is an option of mpirun", "launch/run -n 2 lockstep pretrain")
      // What the parser itself finds comes with an example.
      try refused(
        "finetune r.yaml", code: 64, saying: "Missing expected argument '--data <data>'", "Usage: lockstep finetune",
        "Example: mpirun -n 2 lockstep finetune recipe.yaml", "See 'lockstep finetune --help'")
      try refused(
        "data import a b --format foo", code: 64, saying: "expected one of ts, npz", "Usage: lockstep data import",
        "Example: lockstep data import")
    }

    @Test func aMissingFileIsToldWithWhatToDo() throws {
      let experiment = try Experiment.masked.get()
      let (recipe, data) = (try experiment.recipe, experiment.data)
      try refused("train /no.yaml --data \(data) --out x", code: 66, saying: "/no.yaml", "launch/recipes")
      try refused("train \(recipe) --data /none --out x", code: 66, saying: "/none", "lockstep data generate")
      try refused(
        "train \(recipe) --data \(data) --out x --set stps=3", code: 64, saying: "did you mean 'training.steps'?")
    }

    @Test func theVersionNamesCommitLibraryAndInstructionSet() throws {
      let lines = try lockstep("--version").lines
      #expect(lines.count == 3, "\(lines)")
      #expect(lines[0].hasPrefix("lockstep 0."), "\(lines)")
      #expect(lines[1].hasPrefix("Open MPI v"), "\(lines)")
      #expect(lines[2].hasPrefix("instruction set "), "\(lines)")
      let portable = try lockstep("--version", environment: ["LOCKSTEP_ISA": "portable"]).lines
      #expect(portable.last == "instruction set portable", "\(portable)")
      // A bare `swift build` knows no commit.
      let told = lines[0].contains("(commit unknown)") || lines[0].contains(#/\(commit [0-9a-f]{12}\+?\)$/#)
      #expect(told, "\(lines)")
    }

    @Test func bashCompletesCommandsOptionsAndValues() throws {
      let script = Workplace.place("completion.bash")
      try lockstep("--generate-completion-script bash").output.write(toFile: script, atomically: true, encoding: .utf8)
      func completions(_ line: String) throws -> Set<String> {
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let bash = """
          source \(script)
          complete -p lockstep >/dev/null || exit 1
          COMP_LINE='\(line)' COMP_POINT=\(line.count) COMP_WORDS=(\(words.map { "'\($0)'" }.joined(separator: " ")))
          COMP_CWORD=\(words.count - 1)
          _lockstep lockstep "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
          printf '%s\\n' "${COMPREPLY[@]}"
          """
        let result = try MPIRun.startAlone(command: ["bash", "--norc", "-c", bash], timeoutSeconds: 20).wait()
        #expect(result.code == 0, "\(line): \(result.summary)")
        return Set(result.lines)
      }
      #expect(try completions("lockstep pretr") == ["pretrain"])
      #expect(try completions("lockstep data im") == ["import"])
      #expect(try completions("lockstep train --dat").contains("--data"))
      #expect(try completions("lockstep evaluate --split t") == ["train", "test"])
      #expect(try completions("lockstep data import a b --format c") == ["csv"])
      let place = Workplace.place("folders")
      try FileManager.default.createDirectory(atPath: place + "/speech", withIntermediateDirectories: true)
      try "".write(toFile: place + "/sheet", atomically: true, encoding: .utf8)
      #expect(try completions("lockstep train --data \(place)/s") == ["\(place)/speech"])
      for shell in ["zsh", "fish"] {
        #expect(try lockstep("--generate-completion-script \(shell)").output.contains("finetune"), "\(shell)")
      }
    }
  }
}
