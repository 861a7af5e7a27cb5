import ArrayFiles
import FoundationEssentials
import Glibc
import Training

/// `lockstep runs FOLDER`: all runs under a folder, and how each stands.
public enum RunsCommand {
  /// Lists the runs.
  /// - Parameter isJSON: an array of objects rather than a table.
  /// - Returns: what is to be printed, and what could not be looked at.
  /// - Throws: 66 where there is nothing, or no folder.
  public static func list(_ folder: String, isJSON: Bool) throws -> (text: String, problems: [String]) {
    guard AtomicFile.exists(folder) else {
      throw FileError.missing(path: folder, advice: "name a folder in which there are runs")
    }
    guard AtomicFile.isFolder(folder) else {
      throw TrainingError.missing("\(folder): is a file; name a folder in which there are runs")
    }
    var problems: [String] = []
    let now = Date.now
    let runs = RunFolders.find(under: folder, problems: &problems).map { RunSummary($0, now: now) }
    guard isJSON else { return (table(runs, under: folder, now: now), problems) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return (String(decoding: try encoder.encode(runs), as: UTF8.self), problems)
  }

  private static func table(_ runs: [RunSummary], under folder: String, now: Date) -> String {
    guard !runs.isEmpty else { return "no runs under \(folder)" }
    let head = [
      "run", "command", "objective", "encoder", "step", "best validation", "state", "for", "last sign", "size",
    ]
    let prefix = folder.hasSuffix("/") ? folder : folder + "/"
    let rows = runs.map { run in
      [
        run.path.hasPrefix(prefix) ? String(run.path.dropFirst(prefix.count)) : run.path, run.command ?? "–",
        run.objective ?? "–", run.encoder ?? "–", progress(run), run.best.map(text) ?? "–", state(run),
        run.seconds.map(ProgressText.duration) ?? "–",
        age(run, now).map { "\(ProgressText.duration($0)) ago" } ?? "–", ProgressText.bytes(Double(run.bytes)),
      ]
    }
    let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
    return ([head] + rows).map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }

  private static func progress(_ run: RunSummary) -> String {
    "\(run.step.map(String.init) ?? "–")\(run.steps.map { "/\($0)" } ?? "")"
  }

  private static func state(_ run: RunSummary) -> String {
    run.state == .failed ? "failed" + (run.exitCode.map { " (\($0))" } ?? "") : run.state.rawValue
  }

  private static func text(_ best: RunSummary.Best) -> String {
    let value = best.metric == "loss" ? ProgressText.short(best.value) : ProgressText.percent(best.value)
    return "\(best.metric) \(value) at \(best.step)"
  }

  private static func age(_ run: RunSummary, _ now: Date) -> Double? {
    run.updated.flatMap { try? Date($0, strategy: .iso8601) }.map { max(0, now.timeIntervalSince($0)) }
  }
}
