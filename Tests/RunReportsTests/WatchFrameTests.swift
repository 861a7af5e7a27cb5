import Foundation
import Testing

@testable import RunReports

/// What `watch` draws, line by line.
@Suite struct WatchFrameTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lockstep-watch-\(UUID())")

  init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

  private func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: folder.appendingPathComponent(name))
  }

  private func metrics(_ steps: ClosedRange<Int>) -> String {
    steps.map { step in
      let loss = 2 / Double(step).squareRoot()
      return #"{"kind":"train","step":\#(step),"loss":\#(loss),"learningRate":0.01,"gradientNorm":1,"#
        + #""parts":{"next":{"loss":\#(2 * loss)}}}"# + "\n"
        + (step % 50 == 0
          ? #"{"kind":"validation","step":\#(step),"loss":\#(loss + 0.1),"accuracy":0.5,"isBest":true}"# + "\n" : "")
    }.joined()
  }

  @Test func dotsOfACanvas() {
    var canvas = BrailleCanvas(columns: 2, rows: 1)
    canvas.set(0, 0)
    canvas.set(1, 3)
    canvas.set(3, 3)
    canvas.set(4, 0)
    canvas.set(0, -1)
    #expect(String(canvas.characters(row: 0)) == "\u{2848}\u{2808}")
    var line = BrailleCanvas(columns: 2, rows: 1)
    line.line(from: (0, 0), to: (3, 3))
    #expect(String(line.characters(row: 0)) == "\u{2860}\u{280A}")
  }

  @Test func aFrameFitsItsWindow() throws {
    try write("metrics.jsonl", metrics(1...200) + "damaged\n")
    try write(
      "status.json",
      #"{"state":"training","phase":"backward","attempt":3,"step":200,"steps":400,"ranks":4,"hosts":["a","b"],"#
        + #""timestepsPerSecond":1234567,"secondsLeft":600,"checkpoint":"step-00000200","#
        + #""straggler":{"rank":2,"host":"b","slowdown":1.52},"updated":"2026-01-01T00:00:00Z"}"#)
    let run = try WatchedRun(folder.path)
    let now = try Date("2026-01-01T00:00:30Z", strategy: .iso8601)
    for (columns, rows) in [(20, 3), (40, 12), (80, 24), (101, 31), (200, 60), (500, 9)] {
      let frame = WatchFrame(run, columns: columns, rows: rows, hasColours: false, now: now, hint: "q leaves")
      #expect(frame.lines.allSatisfy { $0.count <= columns }, "\(columns) × \(rows): \(frame.lines)")
      #expect(frame.lines.count <= max(rows, 5), "\(columns) × \(rows): \(frame.lines.count) lines")
    }
    let text = WatchFrame(run, columns: 160, rows: 30, hasColours: false, now: now).lines.joined(separator: "\n")
    for words in [
      "running (backward)  attempt 3  4 ranks on 2 hosts", "step 200/400 ██████████░░░░░░░░░░", "1.23 M timesteps/s",
      "10 min left", "waits for rank 2 on b (1.5 × the others' time)", "1 lines of metrics.jsonl are damaged",
      "  loss  0.1414  validation ● 0.2414", "  accuracy  validation ● 50.0 %", "step 200", "  loss of next  0.2828",
    ] { #expect(text.contains(words), "\(words) in\n\(text)") }
    #expect(text.unicodeScalars.contains { (0x2801...0x28FF).contains($0.value) } && !text.contains("\u{1B}"))
    let late = WatchFrame(run, columns: 160, rows: 30, hasColours: true, now: now + 3600)
    #expect(late.lines[0].contains("no sign of life for 60 min"), "\(late.lines[0])")
    #expect(late.lines.joined().contains("\u{1B}[36m"))
  }

  @Test func aRunIsReadAsItGrowsAndIsCutBack() throws {
    try write("metrics.jsonl", "")
    var run = try WatchedRun(folder.path)
    let empty = WatchFrame(run, columns: 80, rows: 24, hasColours: false).lines
    #expect(empty.contains("no step yet") && empty[0].contains("state not known"), "\(empty)")
    try write("metrics.jsonl", metrics(1...60))
    run.update()
    #expect(run.curves.first?.training.map(\.step) == (1...60).map(Double.init))
    // A new attempt goes back to step 50 and writes others.
    try write("metrics.jsonl", metrics(1...50))
    try write("status.json", #"{"state":"no such state","step":"seven"}"#)
    run.update()
    #expect(run.curves.first?.training.count == 50)
    try FileManager.default.removeItem(at: folder.appendingPathComponent("metrics.jsonl"))
    run.update()
    #expect(run.curves.first?.training.count == 50)
  }
}
