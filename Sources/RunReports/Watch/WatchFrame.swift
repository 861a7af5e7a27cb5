import FoundationEssentials
import Training

/// What `lockstep watch` shows at one moment: how the run stands, and as many curves as there is room for.
struct WatchFrame {
  private static let (fewestRows, fewestColumns) = (7, 40)

  /// The lines, none longer than the window and no more than it has.
  private(set) var lines: [String]

  /// - Parameters:
  ///   - hint: a last line, such as how to leave.
  init(
    _ run: WatchedRun, columns: Int, rows: Int, hasColours: Bool, now: Date = .now, hint: String = ""
  ) {
    let columns = max(20, columns)
    lines = WatchFrame.head(run, columns: columns, now: now).map { String($0.prefix(columns)) }
    let room = rows - lines.count - (hint.isEmpty ? 0 : 1)
    let curves = run.curves
    if curves.isEmpty { lines.append("no step yet") }
    let across = columns >= 2 * WatchFrame.fewestColumns + 2 && curves.count > 1 ? 2 : 1
    let down = min((curves.count + across - 1) / across, max(0, room / WatchFrame.fewestRows))
    if down > 0 {
      let (width, height) = ((columns - 2 * (across - 1)) / across, min(18, room / down))
      for row in 0..<down {
        let panels = curves[row * across..<min((row + 1) * across, curves.count)].map {
          CurvePanel(curve: $0, columns: width, rows: height, hasColours: hasColours).lines
        }
        for line in 0..<height { lines.append(panels.map { $0[line] }.joined(separator: "  ")) }
      }
    }
    if !hint.isEmpty { lines.append(String(hint.prefix(columns))) }
  }

  /// State, step, speed, what went wrong.
  private static func head(_ run: WatchedRun, columns: Int, now: Date) -> [String] {
    let status = run.status
    let step = max(status?.step ?? 0, run.metrics.train.last("step").map { Int($0) } ?? 0)
    var first = "\(run.path)  \(stateText(status, now))"
    if let attempt = status?.attempt, attempt > 1 { first += "  attempt \(attempt)" }
    if let ranks = status?.ranks { first += "  \(ranks) \(ranks == 1 ? "rank" : "ranks")" }
    if let hosts = status?.hosts, hosts.count > 1 { first += " on \(hosts.count) hosts" }
    var second = "step \(step)"
    if let steps = status?.steps, steps > 0 {
      let done = min(20, 20 * step / steps)
      second += "/\(steps) \(String(repeating: "█", count: done))\(String(repeating: "░", count: 20 - done))"
    }
    if let epoch = status?.epoch { second += "  epoch \(epoch)" }
    if let speed = status?.timestepsPerSecond { second += "  \(ProgressText.rate(speed)) timesteps/s" }
    if let left = status?.secondsLeft, status?.goesOn(at: now) == true {
      second += "  \(ProgressText.duration(left)) left"
    }
    if let checkpoint = status?.checkpoint { second += "  \(checkpoint)" }
    if let bytes = status?.peakBytes { second += "  peak \(ProgressText.bytes(Double(bytes)))" }
    var lines = [first, second]
    if let straggler = status?.straggler, let rank = straggler.rank, let slowdown = straggler.slowdown {
      lines.append(
        "waits for rank \(rank) on \(straggler.host ?? "?") (\(ProgressText.factor(slowdown)) the others' time)")
    }
    if let message = status?.message { lines.append(message) }
    if let problem = run.problem { lines.append(problem) }
    if run.metrics.damagedLines > 0 { lines.append("\(run.metrics.damagedLines) lines of metrics.jsonl are damaged") }
    return lines
  }

  private static func stateText(_ status: RunStatusFile?, _ now: Date) -> String {
    let age = status?.age(at: now).map(ProgressText.duration) ?? "?"
    switch RunState(status, at: now) {
    case .running: return "running" + (status?.phase.map { $0.isEmpty ? "" : " (\($0))" } ?? "")
    case .stopped: return "stopped \(age) ago with a checkpoint"
    case .finished: return "finished \(age) ago"
    case .failed: return "failed \(age) ago" + (status?.exitCode.map { " with code \($0)" } ?? "")
    case .unknown: return status?.state == "training" ? "no sign of life for \(age)" : "state not known"
    }
  }
}
