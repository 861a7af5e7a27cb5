import Foundation
import Synchronization
import Testing

/// What was done to trainings, and what became of it: printed as a table when all tests are over.
enum FaultLog {
  struct Entry {
    var fault: String
    var outcome: String
    /// Seconds from the fault to the job's end.
    var noticed: Double?
    /// Seconds of the attempt that went on, from its start to the end of the training.
    var back: Double?
  }

  private static let entries = Mutex<[Entry]>([])
  private static let printed: Void = { atexit { print("Faults that were survived:\n\(FaultLog.table)") } }()

  /// Takes a fault down that was survived.
  static func add(_ fault: String, _ outcome: String, noticed: Double? = nil, back: Double? = nil) {
    _ = printed
    entries.withLock { $0.append(Entry(fault: fault, outcome: outcome, noticed: noticed, back: back)) }
  }

  /// The table: fault, times, outcome, median seconds.
  static var table: String {
    let all = entries.withLock(\.self)
    var lines = [
      "| fault | times | outcome | from fault to the job's end, s | to the end of the training again, s |",
      "|---|---|---|---|---|",
    ]
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
