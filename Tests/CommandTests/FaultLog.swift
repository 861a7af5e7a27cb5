import Foundation
import Synchronization
import Testing

/// What was done to trainings, and what became of it: printed as a table at the end of the fault suite.
enum FaultLog {
  struct Entry {
    var fault: String
    var outcome: String
    /// Seconds from the fault to the job's end.
    var noticed: Double?
    /// Seconds of the attempt that went on.
    var back: Double?
  }

  private static let entries = Mutex<[Entry]>([])

  /// Takes a fault down that was survived.
  static func add(_ fault: String, _ outcome: String, noticed: Double? = nil, back: Double? = nil) {
    entries.withLock { $0.append(Entry(fault: fault, outcome: outcome, noticed: noticed, back: back)) }
  }

  /// How often a kind of fault was survived.
  static func count(_ fault: String) -> Int { entries.withLock { $0.count { $0.fault == fault } } }

  /// The table: fault, times, outcome, median seconds.
  static var table: String {
    let all = entries.withLock(\.self)
    var lines = ["| fault | times | outcome | noticed after, s | the rest took, s |", "|---|---|---|---|---|"]
    for fault in Set(all.map(\.fault)).sorted() {
      let some = all.filter { $0.fault == fault }
      let outcomes = Set(some.map(\.outcome)).sorted().joined(separator: "; ")
      lines.append(
        "| \(fault) | \(some.count) | \(outcomes) | \(median(some.compactMap(\.noticed))) | \(median(some.compactMap(\.back))) |"
      )
    }
    return lines.joined(separator: "\n")
  }

  private static func median(_ values: [Double]) -> String {
    values.isEmpty ? "" : String(format: "%.1f", values.sorted()[values.count / 2])
  }
}
