import Foundation
import TestSupport
import Testing

/// A training with all that it did to the files below a folder, in which its RUN lies.
struct RecordedRun {
  /// Where RUN lies in the folder: in a folder that the training has to make too.
  static let run = "new/run"
  private static let library = MPIRun.products.appendingPathComponent("libFileJournal.so").path

  /// What was in the folder before, and after.
  let before, after: FileTree
  let records: [FileRecord]
  /// The finished run.
  let run: TrainedRun

  /// Trains in a folder that holds `before`.
  init(_ command: [String], in before: FileTree = .folder([:])) throws {
    self.before = before
    let (folder, journal) = (Workplace.place("disk"), Workplace.place("journal"))
    try before.write(to: folder)
    run = TrainedRun(path: folder + "/" + Self.run)
    guard exists(Self.library) else { throw JournalError(what: "\(Self.library) was not built") }
    let result = try MPIRun.runAlone(
      "lockstep", command + ["--out", run.path],
      environment: ["LD_PRELOAD": Self.library, "FILE_JOURNAL": journal, "FILE_JOURNAL_ROOT": folder])
    guard result.code == 0 else { throw JournalError(what: result.summary) }
    after = try FileTree(at: folder)
    records = try FileRecord.journal(at: journal)
  }

  /// Every state that the disk may be found in when the power is lost at any moment, each once. O(records · bytes).
  /// - Parameter honours: whether a sync does its work.
  func losses(
    seed: UInt64, honours: @escaping (FileRecord, _ isFolder: Bool) -> Bool = { _, _ in true }
  ) throws -> [PowerLoss] {
    var numbers = Numbers(seed: seed)
    var disk = VolatileDisk(holding: before, honours: honours)
    var promise = Promise(before[Self.run + "/checkpoints/latest"])
    var phase = PowerLoss.Phase.beginning
    var losses: [PowerLoss] = []
    var seen: Set<PowerLoss.State> = []
    for (moment, record) in records.enumerated() {
      try disk.apply(record)
      promise.follow(record)
      phase = PowerLoss.Phase(of: record, after: phase)
      for loss in VolatileDisk.Loss.allCases {
        let state = PowerLoss.State(tree: disk.tree(after: loss, &numbers), promised: promise.step)
        guard seen.insert(state).inserted else { continue }
        losses.append(PowerLoss(state: state, moment: moment, last: record, phase: phase, loss: loss, seed: seed))
      }
    }
    return losses
  }
}

/// A moment at which the power is lost, and what is found on the disk.
struct PowerLoss {
  struct State: Hashable {
    var tree: FileTree
    /// The last step whose checkpoint had been published, as far as the program could know; 0 for none.
    var promised: Int
  }

  /// What the program was doing.
  enum Phase: String, CaseIterable {
    case beginning = "a run begins"
    case cutBack = "metrics are cut back"
    case metrics = "metrics are written"
    case checkpoint = "a checkpoint is written"
    case retention = "an old checkpoint is removed"
    case encoder = "the encoder is published"
    case end = "a run ends"

    init(of record: FileRecord, after before: Phase) {
      let path = record.path + " " + record.other
      self =
        if path.contains("/.metrics.jsonl.") {
          .cutBack
        } else if path.contains("/metrics.jsonl") {
          .metrics
        } else if path.contains("/.encoder.") {
          .encoder
        } else if path.contains("/checkpoints/") {
          [.unlink, .rmdir].contains(record.operation) || record.other.hasSuffix(".tmp") ? .retention : .checkpoint
        } else if path.contains("/attempts/") && before != .beginning && before != .cutBack {
          .end
        } else {
          before
        }
    }
  }

  var state: State
  /// The record after which it happens.
  var moment: Int
  var last: FileRecord
  var phase: Phase
  var loss: VolatileDisk.Loss
  var seed: UInt64

  var words: String {
    "seed \(seed), after record \(moment) (\(last.operation) \(last.path) \(last.other)) with \(loss) lost, "
      + "step \(state.promised) promised"
  }
}

/// The step whose checkpoint the program may hold for safe: `latest` names it, and the folder's sync has returned.
private struct Promise {
  private(set) var step = 0
  private var made: [String: Int] = [:]
  private var published = 0

  init(_ latest: FileTree?) {
    if case .link(let target) = latest { step = Self.step(target) }
    published = step
  }

  private static func step(_ target: String) -> Int { Int(target.dropFirst("step-".count)) ?? 0 }

  mutating func follow(_ record: FileRecord) {
    switch record.operation {
    case .symlink: made[record.other] = Self.step(record.path)
    case .rename where record.other.hasSuffix("/checkpoints/latest"): published = made[record.path] ?? 0
    case .sync where record.path.hasSuffix("/checkpoints"): step = published
    default: break
    }
  }
}
