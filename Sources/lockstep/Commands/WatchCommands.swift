import ArgumentParser
import Foundation
import MessagePassing
import RunReports

struct Watch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw a run's curves in the terminal while it goes on.",
    discussion: """
      Example: lockstep watch runs/pretrained
      Only reads files: of a run on this machine, or on any host that shares the folder. q leaves, and the training goes on.
      Ends by itself when the run does. Where there is no terminal, or with --once, one picture is printed.
      """)

  @Argument(
    help: ArgumentHelp("The run: the --out folder of a training.", valueName: "run"), completion: .directory)
  var path: String

  @Flag(help: "Print one picture and end.")
  var once = false

  func validate() throws { try refuseEmpty(("RUN", path)) }

  func run() throws {
    guard isFirstOfJob else { return }
    try WatchCommand.run(path, isOnce: once)
  }
}

struct Runs: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List all runs under a folder and how each stands.",
    discussion: "Example: lockstep runs runs")

  @Argument(help: "The folder.", completion: .directory)
  var folder: String

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws { try refuseEmpty(("FOLDER", folder)) }

  func run() throws {
    guard isFirstOfJob else { return }
    let list = try RunsCommand.list(folder, isJSON: json)
    print(list.text)
    for problem in list.problems { FileHandle.standardError.write(Data("\(problem)\n".utf8)) }
  }
}

/// Whether this process is alone or rank 0, without MPI: whoever only reads files waits for nobody.
private var isFirstOfJob: Bool { (Launcher()?.rank ?? 0) == 0 }
