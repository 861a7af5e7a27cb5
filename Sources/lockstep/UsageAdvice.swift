import ArgumentParser
import Foundation
import SequenceData

/// What is said of arguments that are no command line: what is wrong, what was meant, an example, and where more is told.
struct UsageAdvice {
  /// The command that was named, as far as its words are known: `data import`.
  private var path: [String] = []
  private var command: any ParsableCommand.Type = Lockstep.self
  /// The first word that is no command where one must stand.
  private(set) var unknownWord: String?
  private let arguments: [String]

  /// Follows the words of a command line.
  /// - Parameter arguments: those behind the program's name.
  init(_ arguments: [String]) {
    self.arguments = arguments
    for word in arguments.first == "help" ? arguments.dropFirst() : arguments[...] {
      let commands = command.configuration.subcommands
      guard !commands.isEmpty, !word.hasPrefix("-") else { return }
      guard let known = commands.first(where: { $0._commandName == word }) else {
        unknownWord = word
        return
      }
      path.append(word)
      command = known
    }
  }

  /// Says on standard error what is wrong.
  func say(_ error: any Error) { FileHandle.standardError.write(Data(text(of: error).utf8)) }

  /// The whole text for an error of the parser, or of a command that has looked at its arguments.
  private func text(of error: any Error) -> String {
    let said = Lockstep.fullMessage(for: error).split(separator: "\n").map(String.init)
    var lines = ["Error: \(misspelling ?? Lockstep.message(for: error))"]
    if misspelling == nil { lines += said.filter { $0.hasPrefix("Help:") } }
    if !path.isEmpty { lines.append("Usage: \(Lockstep.usageString(for: command))") }
    if let example = UsageAdvice.examples(of: meant ?? command).first { lines.append("Example: \(example)") }
    lines.append("  See '\((["lockstep"] + path + ["--help"]).joined(separator: " "))' for more information.")
    return lines.joined(separator: "\n") + "\n"
  }

  /// The command lines in a command's discussion.
  private static func examples(of command: any ParsableCommand.Type) -> [String] {
    command.configuration.discussion.split(separator: "\n").compactMap { line in
      var line = line.trimmingCharacters(in: .whitespaces)
      for beginning in ["Example: ", "Examples: "] where line.hasPrefix(beginning) {
        line.removeFirst(beginning.count)
      }
      return ["lockstep ", "mpirun ", "launch/"].contains(where: line.hasPrefix) ? line : nil
    }
  }

  /// The command that an unknown word is like.
  private var meant: (any ParsableCommand.Type)? {
    guard let unknownWord else { return nil }
    let commands = command.configuration.subcommands
    let nearest = Spelling.nearest(to: unknownWord, among: commands.map { $0._commandName })
    return commands.first { $0._commandName == nearest }
  }

  /// What is wrong with a word or an option that nobody knows; none: all are known.
  private var misspelling: String? {
    if let unknownWord {
      let names = command.configuration.subcommands.map { $0._commandName }
      return "there is no command \((path + [unknownWord]).joined(separator: " "))"
        + (meant.map { "; did you mean \($0._commandName)?" } ?? "; there are \(names.joined(separator: ", "))")
    }
    let known = options
    for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("-") && argument.count > 1 {
      if ["-n", "-np"].contains(argument) {
        return "\(argument) is an option of mpirun and launch/run, which stand before lockstep: "
          + "launch/run -n 2 lockstep \((path + ["…"]).joined(separator: " "))"
      }
      let name = String(argument.prefix { $0 != "=" })
      guard name.hasPrefix("--"), !known.contains(name), !UsageAdvice.general.contains(name) else { continue }
      let meant = known.filter { $0.hasPrefix(name) }
      let nearest = meant.count == 1 ? meant[0] : Spelling.nearest(to: name, among: known)
      return "there is no option \(name)" + (path.isEmpty ? "" : " of \(path.joined(separator: " "))")
        + (nearest.map { "; did you mean \($0)?" } ?? "")
    }
    return nil
  }

  /// Options that every command has.
  private static let general: Set = [
    "--help", "--help-hidden", "--version", "--generate-completion-script", "--experimental-dump-help",
  ]

  /// The options of the command, as its help names them.
  private var options: [String] {
    Lockstep.helpMessage(for: command, columns: 400).split(separator: "\n").flatMap { line -> [String] in
      let line = line.drop { $0 == " " }
      guard line.hasPrefix("-") else { return [] }
      return line.split { " ,/<".contains($0) }.prefix(2).filter { $0.hasPrefix("--") }.map(String.init)
    }
  }
}
