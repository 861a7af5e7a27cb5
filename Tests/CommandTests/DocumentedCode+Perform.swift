import Foundation
import TestSupport
import Testing

extension DocumentedCode {
  /// Does in a folder what the page says, block after block, and expects what it shows.
  ///
  /// A block whose first line is `# NAME.…` is that file, written to the folder; any other of `sh` is run there by bash;
  /// one of `text` shows what the block of `sh` before it says: each of its lines has to be a line of that.
  func perform(in folder: String, timeoutSeconds: Int = 300) throws {
    var said = ""
    for (language, text) in blocks {
      if let name = text.prefixMatch(of: #/# (\w+\.\w+)\n/#) {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + String(name.1)))
      } else if language == "sh" {
        said = try DocumentedCode.run(shell: text, in: folder, timeoutSeconds: timeoutSeconds)
      } else if language == "text" {
        let lines = said.split(separator: "\n")
        for shown in text.split(separator: "\n") {
          #expect(lines.contains { DocumentedCode.shows(shown, $0) }, "no line is like \"\(shown)\" in:\n\(said)")
        }
      }
    }
  }

  /// Whether a line of a page shows a line of output: its words, with `…` for all that follows, and numbers to within a
  /// tenth, which is more than another mathematical library changes.
  static func shows(_ shown: Substring, _ line: Substring) -> Bool {
    var words = line.split(separator: " ")[...]
    for word in shown.split(separator: " ") {
      let part = word.split(separator: "…", omittingEmptySubsequences: false)
      guard let actual = words.popFirst() else { return word == "…" }
      if part.count > 1 { return actual.hasPrefix(part[0]) }
      if actual == word { continue }
      guard let a = Double(word), let b = Double(actual), abs(a - b) <= 0.1 * abs(a) else { return false }
    }
    return words.isEmpty
  }

  /// Runs a block in a folder, with what was built in place of `lockstep` and the repository's `launch/`, and returns
  /// what it said on both streams.
  private static func run(shell block: String, in folder: String, timeoutSeconds: Int) throws -> String {
    let (program, repository) = (MPIRun.executable("lockstep"), MPIRun.repository.path)
    let started = block.replacing(#/(?m)^(launch/\w+ [^\n]*?)lockstep /#) { "\(repository)/\($0.1)\(program) " }
    let script = try Workplace.file(
      "documented.sh", "exec 2>&1\nset -eu\nlockstep() { \(program) \"$@\"; }\n" + started)
    let command = ["sh", "-c", "cd \"$1\" && exec bash \"$2\"", "sh", folder, script]
    let environment = ["OMPI_MCA_mpi_yield_when_idle": "1", "PATH": try path(in: folder)]
    let result = try MPIRun.startAlone(
      command: command, environment: environment, timeoutSeconds: timeoutSeconds
    ).wait()
    #expect(result.code == 0, "\(block)\(result.summary)")
    return result.output
  }

  /// A search path on which `python3` has NumPy.
  private static func path(in folder: String) throws -> String {
    let python = try Workplace.file("python3", "#!/bin/sh\nexec \(try PythonEnvironment.withNumPy()) \"$@\"\n")
    let bin = folder + "/.bin"
    if !exists(bin) {
      try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
      try FileManager.default.moveItem(atPath: python, toPath: bin + "/python3")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: bin + "/python3")
    }
    return bin + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
  }
}
