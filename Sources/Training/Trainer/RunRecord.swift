import ArrayFiles
import Checkpoints
import DataParallel
import Foundation
import MessagePassing
import PackedTensors

/// What rank 0 writes while a run goes on: metrics, checkpoints, the log of this attempt, and how it stands.
final class RunRecord {
  let log: RunLog
  private let metrics: MetricsFile
  private let writer: CheckpointWriter
  private let status: StatusFile
  private let lock: RunLock
  /// How long the checkpoint of the last step kept this rank, until its line is written.
  private var checkpointSeconds: Double?

  /// Begins to record an attempt.
  /// - Parameters:
  ///   - state: where it begins.
  ///   - totalSteps: steps of the run.
  init(_ session: TrainingSession, _ lock: RunLock, from state: TrainingState, totalSteps: Int) throws {
    self.lock = lock
    let (folder, watchdog) = (session.folder, session.watchdog)
    metrics = try MetricsFile(path: folder.metricsPath)
    writer = CheckpointWriter(
      store: folder.store, keep: session.recipe.training.keep, lock: lock,
      timeline: session.communicator.activity.timeline)
    let log = try RunLog(run: folder.path, of: lock.holder)
    let status = StatusFile(
      folder, lock: lock, state: state, totalSteps: totalSteps, hosts: watchdog.hosts,
      activity: session.communicator.activity)
    (self.log, self.status) = (log, status)
    lock.whileHeld { [weak status] in status?.write() }
    watchdog.onSentence { sentence in
      log.add(sentence)
      status.note(message: sentence)
    }
  }

  /// The attempt's number, as it stands in names of files.
  var attempt: String { lock.holder.name }

  /// Adds a step's line.
  /// - Parameter inputSeconds: how long this rank waited for the step's batch.
  func add(_ report: StepReport, inputSeconds: Double, _ pace: Pace, left: Int) throws {
    status.note(report, pace, left: left)
    try metrics.append(TrainMetricsRow(report, inputSeconds: inputSeconds, checkpointSeconds: checkpointSeconds))
    checkpointSeconds = nil
  }

  /// Adds a validation's line.
  func add(_ row: ValidationMetricsRow) throws { try metrics.append(row) }

  /// Adds a round's line.
  func add(_ row: PseudoLabelMetricsRow) throws { try metrics.append(row) }

  /// Begins to write a checkpoint; the metrics up to it are made durable first.
  func save(_ snapshot: @autoclosure () -> CheckpointSnapshot) throws {
    let start = ContinuousClock.now
    try metrics.synchronise()
    try writer.write(snapshot())
    checkpointSeconds = (ContinuousClock.now - start) / .seconds(1)
  }

  /// Waits for what is being written.
  func finish() throws {
    try metrics.synchronise()
    try writer.finish()
  }

  /// Throws where another job has taken the run since.
  func checkLock() throws { try lock.check() }

  /// Says how the attempt ended, and gives the run free for other jobs.
  func release(_ state: RunStatus.State, exitCode: Int32) throws {
    status.end(state, exitCode: exitCode)
    try lock.release()
  }

  /// Says which error ended the attempt.
  func fail(_ error: any Error) {
    let code = TrainingError.exitCode(of: error)
    log.add("ended with \(code): \(error)")
    status.end(.failed, exitCode: code, message: "\(error)")
  }

  /// Where and when a checkpoint was made: what may differ between equal runs.
  static func made(ranks: Int) -> [String: String] {
    [
      "time": ISO8601DateFormatter().string(from: Date()), "host": World.hostName, "ranks": "\(ranks)",
      "instructionSet": InstructionSet.active.rawValue, "commit": ProgramVersion.commit ?? "unknown",
    ]
  }
}
