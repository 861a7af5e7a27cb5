import SequenceData

/// All ranks' parts of a trace in one, on rank 0's clock: time 0 is the first event.
///
/// To every call that all ranks make is added for whom a rank waited in it, as a span within the call's: the ranks' calls
/// have the same number, and none can end before the last rank has come.
struct JoinedTrace {
  /// The trace: an object of Chrome's trace event format.
  private(set) var bytes: [UInt8] = []
  /// Steps that are in it.
  private(set) var steps = 0
  /// How far clocks may be off at most, in seconds.
  private(set) var uncertaintySeconds = 0.0
  /// Whether a rank's part is cut at the limit of its size.
  private(set) var isCut = false
  /// Ranks that are in it.
  private(set) var ranks = 0

  /// The last rank to come to a call, when it came, and how many came.
  private struct Arrival {
    var latest: Int64
    var rank: Int
    var count: Int
  }
  /// Waits that are shorter are not told: clocks are not known better.
  private static let shortestWait: Int64 = 1000

  /// Joins parts. Complexity: linear in their bytes.
  init(_ parts: [TracePart]) {
    var first = Int64.max
    var arrivals: [Int: Arrival] = [:]
    for part in parts {
      for line in part.lines {
        let start = RankClock.ofFirstRank(line.start, part.clocks)
        first = min(first, start)
        guard let call = line.collective else { continue }
        var arrival = arrivals[call] ?? Arrival(latest: start, rank: part.rank, count: 0)
        if start > arrival.latest { (arrival.latest, arrival.rank) = (start, part.rank) }
        arrival.count += 1
        arrivals[call] = arrival
      }
      uncertaintySeconds = max(uncertaintySeconds, Double(part.clocks.map(\.uncertainty).max() ?? 0) * 1e-9)
    }
    append("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[")
    (ranks, steps, isCut) = (parts.count, parts.map(\.steps).max() ?? 0, parts.contains(where: \.isCut))
    var isFirst = true
    func separate() {
      append(isFirst ? "\n" : ",\n")
      isFirst = false
    }
    for part in parts {
      for row in part.head {
        separate()
        bytes.append(contentsOf: row)
      }
      for line in part.lines {
        // Both ends are mapped, so that what lies within another stays there.
        let start = RankClock.ofFirstRank(line.start, part.clocks)
        let end = line.duration.map { RankClock.ofFirstRank(line.start + $0, part.clocks) }
        separate()
        append(line.rest, start: start - first, duration: end.map { $0 - start })
        if let call = line.collective, let arrival = arrivals[call], arrival.count == parts.count, let end {
          let wait = min(arrival.latest, end) - start
          if wait >= JoinedTrace.shortestWait {
            separate()
            let rest =
              ",\"ph\":\"X\",\"pid\":\(part.rank),\"tid\":1,\"cat\":\"waiting\",\"name\":\"waiting for rank \(arrival.rank)\"}"
            append(Array(rest.utf8)[...], start: start - first, duration: wait)
          }
        }
      }
    }
    append("\n]}\n")
  }

  private mutating func append(_ rest: ArraySlice<UInt8>, start: Int64, duration: Int64?) {
    append("{\"ts\":")
    append(microseconds: start)
    if let duration {
      append(",\"dur\":")
      append(microseconds: duration)
    }
    bytes.append(contentsOf: rest)
  }

  private mutating func append(microseconds nanoseconds: Int64) {
    let fraction = "\(nanoseconds % 1000)"
    append("\(nanoseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction)
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}

extension JoinedTrace {
  /// What is in it: `38 steps on 2 ranks`.
  var words: String {
    let clocks = uncertaintySeconds > 0 ? ", clocks within \(Quantity.seconds(uncertaintySeconds))" : ""
    let cut = isCut ? ", cut at its limit (--trace-limit-mb)" : ""
    return "\(Counted.text(steps, "step")) on \(Counted.text(ranks, "rank"))\(clocks)\(cut)"
  }
}
