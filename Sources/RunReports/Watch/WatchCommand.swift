import FoundationEssentials
import Glibc
import Training

/// `lockstep watch RUN`: a run's curves in a terminal, drawn again every second, until the run ends or somebody leaves.
///
/// Only reads files, so that the run may be anybody's, on any host that shares the folder.
public enum WatchCommand {
  /// Watches a run.
  /// - Parameter isOnce: print one frame and end, as where there is no terminal.
  /// - Throws: 66 where there is no run.
  public static func run(_ path: String, isOnce: Bool) throws {
    var run = try WatchedRun(path)
    guard !isOnce, let terminal = Terminal(STDOUT_FILENO) else {
      let terminal = Terminal(STDOUT_FILENO)
      let (columns, rows) = terminal?.size ?? sizeWithoutTerminal
      let frame = WatchFrame(run, columns: columns, rows: rows - 1, hasColours: terminal != nil)
      print(frame.lines.joined(separator: "\n"))
      return
    }
    let isOver = watch(&run, on: WatchScreen(terminal))
    let (columns, rows) = terminal.size ?? sizeWithoutTerminal
    if isOver {
      // The other screen is gone: its last picture stays.
      print(WatchFrame(run, columns: columns, rows: rows - 1, hasColours: true).lines.joined(separator: "\n"))
    }
  }

  /// Draws until the run has ended, then true, or until somebody leaves.
  private static func watch(_ run: inout WatchedRun, on screen: consuming WatchScreen) -> Bool {
    while true {
      let size = screen.size
      let frame = WatchFrame(
        run, columns: size.columns, rows: size.rows, hasColours: true, hint: "q leaves; the training goes on")
      screen.draw(frame.lines)
      if [.finished, .stopped, .failed].contains(RunState(run.status, at: .now)) { return true }
      switch screen.wait(seconds: 1) {
      case .leave: return false
      case .resized: break
      case .time: run.update()
      }
    }
  }

  /// What somebody who reads a file or a pipe is shown; COLUMNS and LINES may tell otherwise.
  private static var sizeWithoutTerminal: (columns: Int, rows: Int) {
    func number(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }
    return (number("COLUMNS") ?? 100, number("LINES") ?? 40)
  }
}
