import Foundation
import TestSupport
import Testing

/// The fenced blocks of a page of the documentation.
struct DocumentedCode {
  /// Each block's language and text, in their order.
  let blocks: [(language: String, text: String)]

  /// The blocks of `docs/NAME`.
  init(page name: String) throws {
    var blocks: [(String, String)] = []
    var open: (language: String, lines: [Substring])?
    let page = try text(MPIRun.repository.path + "/docs/" + name)
    for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
      if let block = open {
        if line == "```" {
          blocks.append((block.language, block.lines.joined(separator: "\n") + "\n"))
          open = nil
        } else {
          open?.lines.append(line)
        }
      } else if line.hasPrefix("```") {
        open = (String(line.dropFirst(3)), [])
      }
    }
    try #require(open == nil, "docs/\(name) has a block without an end")
    self.blocks = blocks
  }

  /// The blocks of one language.
  func texts(_ language: String) -> [String] { blocks.filter { $0.language == language }.map(\.text) }

  /// Runs Python in a folder and returns what it printed.
  @discardableResult static func run(
    _ python: String, _ script: String, in folder: String, timeoutSeconds: Int = 300,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> String {
    let file = try Workplace.file("documented.py", script)
    // The folder's own modules are found, as beside a script there.
    let command = ["sh", "-c", "cd \"$1\" && PYTHONPATH=. exec \"$2\" \"$3\"", "sh", folder, python, file]
    let result = try MPIRun.startAlone(command: command, timeoutSeconds: timeoutSeconds).wait()
    #expect(result.code == 0, "\(result.summary)", sourceLocation: sourceLocation)
    return result.output
  }

  /// Runs the lines of a block of `sh`, each a command of `lockstep` whose paths lie in a folder.
  static func runLines(_ block: String, in folder: String) throws {
    for line in block.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      try #require(words.first == "lockstep", "\(line)")
      let command = ["sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", folder, MPIRun.executable("lockstep")]
      let result = try MPIRun.startAlone(command: command + words.dropFirst(), timeoutSeconds: 240).wait()
      #expect(result.code == 0, "\(line): \(result.summary)")
    }
  }
}
