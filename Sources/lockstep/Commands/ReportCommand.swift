import ArgumentParser
import ArrayFiles
import RunReports
import SequenceData
import Training

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw one run, or several over one another, as an HTML page that needs nothing beside itself.",
    discussion: """
      Examples:
        lockstep report runs/tuned --data DATA --out report.html
        lockstep report runs/tuned-* --data DATA --out compared.html
      Without --data there are curves alone; with it the model is evaluated and its embeddings are drawn.
      """)

  @Argument(help: ArgumentHelp("Folders of runs, finished or still going.", valueName: "run"), completion: .directory)
  var runs: [String]

  @Option(help: "The HTML file.", completion: .file(extensions: ["html"]))
  var out: String

  @Option(help: "Folder of a data set that the model is tried on.", completion: .directory)
  var data: String?

  @Option(
    help: "The split that it is tried on; otherwise test, or the first that has what is needed.", completion: .splits)
  var split: String?

  @Option(
    help:
      "latest, best, a checkpoint's name (step-00000200) or its folder; otherwise the best if validation ran, else the latest.",
    completion: .checkpoints)
  var checkpoint: String?

  @Option(help: "Compute threads.")
  var threads = 1

  func validate() throws {
    try refuseEmpty(("--out", out), ("--data", data), ("--checkpoint", checkpoint))
    for run in runs { try refuseEmpty(("RUN", run)) }
    if threads < 1 { throw ValidationError("--threads \(threads): expected a number from 1 on") }
    if data == nil && (split != nil || checkpoint != nil) {
      throw ValidationError("\(split != nil ? "--split" : "--checkpoint"): there is no model to try without --data DIR")
    }
  }

  func run() throws {
    var report = RunReport(runs)
    (report.data, report.checkpoint, report.threads) = (data, checkpoint, threads)
    report.split = try split.map { try chosen($0) }
    try onFirstRank {
      try OutputPlace.check(file: out)
      try AtomicFile.write(report.html(), to: out)
      return 0
    }
  }
}

private func chosen(_ name: String) throws -> Split { try split(named: name, option: "--split") }
