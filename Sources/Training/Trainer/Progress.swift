import Foundation

/// Tells how training goes: one line that is overwritten on a terminal, a plain line every few seconds elsewhere. Rank
/// 0 alone.
struct Progress {
  private let isSilent: Bool
  private let terminal = Terminal(FileHandle.standardError.fileDescriptor)
  private let total: Int
  private var last = ContinuousClock.now - .seconds(60)
  private var logged = ContinuousClock.now - .seconds(60)
  private var line = ""
  private(set) var pace = Pace()
  private var search: StragglerSearch
  private var searched = ContinuousClock.now
  /// The rank that others wait for; looked for once a second.
  private(set) var straggler: Straggler?
  /// Takes every sentence too, and every ten seconds a step, once there is a run.
  var log: RunLog?

  /// - Parameters:
  ///   - total: steps of the run.
  ///   - hosts: the host of each rank.
  init(total: Int, hosts: [String] = [], isSilent: Bool) {
    self.total = total
    self.isSilent = isSilent
    search = StragglerSearch(hosts: hosts)
  }

  /// Says a sentence on a line of its own.
  func say(_ sentence: String) {
    if isSilent { return }
    write((terminal == nil ? "" : Terminal.beginningOfEmptyLine) + sentence + "\n")
    log?.add(sentence)
  }

  /// Takes a step in, and tells of it if it is time.
  mutating func step(_ report: StepReport, isLast: Bool) {
    if isSilent { return }
    pace.add(report)
    search.add(timesteps: report.timestepsOfRanks, ownSecondsBefore: report.ownSecondsOfRanksBefore)
    let now = ContinuousClock.now
    if isLast || now - searched > .seconds(1) { (straggler, searched) = (search.straggler, now) }
    let isDue = isLast || (now - last) / .seconds(1) >= (terminal == nil ? 5.0 : 0.2)
    let isLogDue = log != nil && (isLast || (now - logged) / .seconds(1) >= 10)
    guard isDue || isLogDue else { return }
    line = "loss \(ProgressText.short(report.loss))"
    if let accuracy = report.accuracy { line += "  accuracy \(ProgressText.percent(accuracy))" }
    line += "  \(ProgressText.rate(pace.timestepsPerSecond)) timesteps/s"
    line += "  \(ProgressText.duration(pace.seconds(for: total - report.step))) left"
    if let straggler { line += "  \(straggler.text)" }
    let step = "step \(report.step)/\(total)"
    if isDue {
      last = now
      if terminal == nil { write("\(step)  \(line)\n") } else { draw("\(step)  training", isLast ? "\n" : "") }
    }
    if isLogDue {
      logged = now
      log?.add("\(step)  \(line)")
    }
  }

  /// Shows on a terminal that something else than steps is done now: `validating`.
  func enter(_ phase: String, step: Int) {
    if isSilent || terminal == nil { return }
    draw("step \(step)/\(total)  \(phase)", "")
  }

  /// Overwrites the line, cut to what the terminal has room for.
  private func draw(_ start: String, _ end: String) {
    let width = terminal?.size?.columns ?? 80
    write(Terminal.beginningOfEmptyLine + String("\(start)  \(line)".prefix(width - 1)) + end)
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
