import ArrayFiles
import Checkpoints
import Foundation
import MessagePassing
import PackedTensors

/// What rank 0 writes while a run goes on: metrics and checkpoints.
final class RunRecord {
  private let metrics: MetricsFile
  private let writer: CheckpointWriter

  private let lock: RunLock

  init(_ folder: RunFolder, keep: Int, lock: RunLock) throws {
    self.lock = lock
    metrics = try MetricsFile(path: folder.metricsPath)
    writer = CheckpointWriter(store: folder.store, keep: keep, lock: lock)
  }

  /// Adds a step's line.
  func add(_ report: StepReport) throws { try metrics.append(TrainMetricsRow(report)) }
  /// Adds a validation's line.
  func add(_ row: ValidationMetricsRow) throws { try metrics.append(row) }

  /// Begins to write a checkpoint; the metrics up to it are made durable first.
  func save(_ snapshot: CheckpointSnapshot) throws {
    try metrics.synchronise()
    try writer.write(snapshot)
  }

  /// Waits for what is being written.
  func finish() throws {
    try metrics.synchronise()
    try writer.finish()
  }

  /// Throws where another job has taken the run since.
  func checkLock() throws { try lock.check() }

  /// Gives the run free for other jobs.
  func release() throws { try lock.release() }

  /// Where and when a checkpoint was made: what may differ between equal runs.
  static func made(ranks: Int) -> [String: String] {
    [
      "time": ISO8601DateFormatter().string(from: Date()), "host": World.hostName, "ranks": "\(ranks)",
      "instructionSet": InstructionSet.active.rawValue,
    ]
  }
}
