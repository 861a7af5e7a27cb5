import ArgumentParser
import Training

struct Trace: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put the timelines that a training with --trace has kept into one file, after a crash too.",
    discussion: """
      Examples:
        lockstep trace runs/pretrained --out trace.json
        lockstep trace runs/pretrained --attempt 2 --out second.json
      Open it with https://ui.perfetto.dev or chrome://tracing. A training that ends in order has done the same already:
      RUN/trace/attempt-00000001.json.
      """)

  @Argument(help: ArgumentHelp("The RUN.", valueName: "run"), completion: .directory)
  var folder: String

  @Option(help: "The attempt, as in RUN/attempts; otherwise the last one that was traced.")
  var attempt: Int?

  @Option(help: "The JSON file.", completion: .file(extensions: ["json"]))
  var out: String

  func validate() throws { try refuseEmpty(("RUN", folder), ("--out", out)) }

  func run() throws {
    try onFirstRank {
      print("\(try TraceCommand.run(folder, attempt: attempt, out: out)); \(out)")
      return 0
    }
  }
}
