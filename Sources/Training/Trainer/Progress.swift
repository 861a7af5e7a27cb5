import Foundation

/// Tells how training goes: one line that is overwritten on a terminal, a plain line every few seconds elsewhere. Rank
/// 0 alone.
struct Progress {
  private let isSilent: Bool
  private let isTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1
  private let total: Int
  private var last = ContinuousClock.now - .seconds(60)
  private var logged = ContinuousClock.now - .seconds(60)
  private(set) var pace = Pace()
  /// Takes every sentence too, and every ten seconds a step, once there is a run.
  var log: RunLog?

  /// - Parameter total: steps of the run.
  init(total: Int, isSilent: Bool) {
    self.total = total
    self.isSilent = isSilent
  }

  /// Says a sentence on a line of its own.
  func say(_ sentence: String) {
    if isSilent { return }
    write((isTerminal ? "\r\u{1B}[K" : "") + sentence + "\n")
    log?.add(sentence)
  }

  /// Takes a step in, and tells of it if it is time.
  mutating func step(_ report: StepReport, isLast: Bool) {
    if isSilent { return }
    pace.add(report)
    let now = ContinuousClock.now
    let isDue = isLast || (now - last) / .seconds(1) >= (isTerminal ? 0.2 : 5.0)
    let isLogDue = log != nil && (isLast || (now - logged) / .seconds(1) >= 10)
    guard isDue || isLogDue else { return }
    var line = "step \(report.step)/\(total)  loss \(Progress.short(report.loss))"
    if let accuracy = report.accuracy { line += "  accuracy \(Progress.percent(accuracy))" }
    line += "  \(Progress.rate(pace.timestepsPerSecond)) timesteps/s"
    line += "  \(Progress.duration(pace.seconds(for: total - report.step))) left"
    if isDue {
      last = now
      write(isTerminal ? "\r\u{1B}[K" + line + (isLast ? "\n" : "") : line + "\n")
    }
    if isLogDue {
      logged = now
      log?.add(line)
    }
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  /// Four significant digits.
  static func short(_ value: Double) -> String { String(format: "%.4g", value) }
  /// One decimal.
  static func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }
  private static func rate(_ value: Double) -> String {
    value >= 1e6 ? String(format: "%.2f M", value / 1e6) : String(format: "%.0f k", value / 1e3)
  }
  private static func duration(_ seconds: Double) -> String {
    let s = Int(seconds.rounded())
    return s < 90 ? "\(s) s" : s < 5400 ? "\(s / 60) min" : String(format: "%.1f h", seconds / 3600)
  }
}
