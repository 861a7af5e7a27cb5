import ArrayFiles
import Foundation
import Testing
import Tracing

@testable import Training

@Suite struct JoinedTraceTests {
  /// A rank's part: a step from `start` on that takes 1 ms, and within it a call that every rank makes.
  private func part(_ rank: Int, start: Int64, call: (start: Int64, end: Int64), _ clocks: [RankClock]) throws
    -> TracePart
  {
    var text = TraceText(rank: rank, capacity: 0)
    text.begin(host: "host \"\(rank)\"")
    for clock in clocks { text.add(clock) }
    func add(_ kind: TimelineEvent.Kind, _ name: StaticString, _ number: Int, _ from: Int64, _ to: Int64) {
      text.add(TimelineEvent(kind, name, number: number, start: start + from, end: start + to))
    }
    add(.step, "step", 3, 0, 1_000_000)
    add(.collective, "MPI_Allreduce", 17, call.start, call.end)
    return try TracePart(text.bytes, rank: rank, path: "part")
  }

  private func events(_ parts: [TracePart]) throws -> [[String: Any]] {
    let object = try JSONSerialization.jsonObject(with: Data(JoinedTrace(parts).bytes)) as? [String: Any]
    return try #require(object?["traceEvents"] as? [[String: Any]])
  }

  private func span(_ events: [[String: Any]], _ name: String, of rank: Int) throws -> ClosedRange<Double> {
    let event = try #require(events.first { $0["name"] as? String == name && $0["pid"] as? Int == rank }, "\(name)")
    let start = try #require(event["ts"] as? Double)
    return start...start + (try #require(event["dur"] as? Double))
  }

  @Test func hostsClocksAreBroughtTogether() throws {
    // Rank 1's clock is an hour ahead and gains 100 µs between the two comparisons.
    let hour: Int64 = 3_600_000_000_000
    let clocks = [
      RankClock(at: hour, ahead: hour, uncertainty: 2000),
      RankClock(at: hour + 2_000_000, ahead: hour + 100_000, uncertainty: 3000),
    ]
    let events = try events([
      part(0, start: 500_000, call: (600_000, 650_000), []),
      part(1, start: hour + 500_000, call: (100_000, 690_000), clocks),
    ])
    // Time 0 is that of the first comparison.
    #expect(try span(events, "step 3", of: 0) == 500...1500)
    // 0.5 ms after the first comparison it is ahead by an hour and 25 µs, at its end by 75 µs.
    let other = try span(events, "step 3", of: 1)
    #expect(abs(other.lowerBound - 475) < 0.01 && abs(other.upperBound - 1425) < 0.01, "\(other)")
    let waiting = try span(events, "waiting for rank 0", of: 1)
    let call = try span(events, "MPI_Allreduce", of: 1)
    #expect(waiting.lowerBound == call.lowerBound && waiting.upperBound <= call.upperBound, "\(waiting) in \(call)")
    #expect(abs(waiting.upperBound - 1100) < 0.01, "\(waiting)")
    #expect(!events.contains { $0["cat"] as? String == "waiting" && $0["pid"] as? Int == 0 })
  }

  @Test func laterMomentsStayLater() {
    let clocks = [RankClock(at: 100, ahead: 50, uncertainty: 0), RankClock(at: 300, ahead: 60, uncertainty: 0)]
    let mapped = (0...400).map { RankClock.ofFirstRank($0, clocks) }
    #expect(zip(mapped, mapped.dropFirst()).allSatisfy { $0 <= $1 }, "\(mapped)")
    #expect(mapped[0] == -50 && mapped[200] == 145 && mapped[400] == 340)
  }

  @Test func aGoodComparisonHelpsAPoorOne() {
    let (poor, good) = (
      RankClock(at: 0, ahead: 7_000_000, uncertainty: 6_000_000),
      RankClock(at: 1_000_000_000, ahead: 5_000_000, uncertainty: 1000)
    )
    let sharpened = RankClock.sharpened([poor, good])
    #expect(sharpened[1] == good)
    #expect(sharpened[0] == RankClock(at: 0, ahead: 5_000_000, uncertainty: 51_000))
    // Ten milliseconds in a second is no drift: somebody has set the clock.
    let set = RankClock(at: 1_000_000_000, ahead: 20_000_000, uncertainty: 1000)
    #expect(RankClock.sharpened([poor, set]) == [poor, set])
  }

  @Test func clocksOfOneHostAreTakenForEqual() {
    #expect(RankClock(least: -2e-6, most: 5e-6, at: 1).ahead == 0)
    let apart = RankClock(at: 1, ahead: 10_250_000_000, uncertainty: 250_000_000)
    #expect(RankClock(least: 10, most: 10.5, at: 1) == apart)
  }

  @Test func aPartMayEndAnywhereButNotHoldOtherThings() throws {
    var text = TraceText(rank: 0, capacity: 0)
    text.begin(host: "host")
    for step in 1...3 { text.add(TimelineEvent(.step, "step", number: step, start: 1000, end: 2000)) }
    let bytes = text.bytes
    for end in bytes.indices {
      let part = try TracePart(Array(bytes[..<end]), rank: 0, path: "part")
      #expect(part.lines.count == part.steps)
      #expect(part.steps <= 3, "cut at \(end)")
      _ = try events([part])
    }
    var damaged = bytes
    damaged[bytes.count / 2] = UInt8(ascii: "\n")
    #expect(throws: FileError.self) { try TracePart(damaged, rank: 0, path: "part") }
  }

  @Test func aPartHoldsNoMoreThanItMay() throws {
    let folder = NSTemporaryDirectory() + "/lockstep-trace-\(ProcessInfo.processInfo.processIdentifier)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = try TraceFile(path: folder + "/rank-0000.json", rank: 0, limitBytes: 20_000)
    let timeline = Timeline()
    timeline.reserve(events: 100)
    for step in 1...50 {
      timeline.beginStep(step)
      for _ in 0..<200 { timeline.begin(.forward, "encoder.stem.conv.weight").end() }
      timeline.endStep()
      file.add(timeline)
    }
    #expect(file.isFull)
    #expect(timeline.dropped == 50 * (200 - 99))
    let bytes = try AtomicFile.read(file.path)
    #expect(bytes.count <= 20_300, "\(bytes.count)")
    let part = try TracePart(bytes, rank: 0, path: file.path)
    #expect(part.isCut && part.steps == 1, "\(part.steps)")
  }
}
