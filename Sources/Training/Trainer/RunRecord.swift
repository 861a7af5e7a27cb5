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
  private let tensorBoard: TensorBoardLog?
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
      folder, lock: lock, state: state, totalSteps: totalSteps,
      labels: session.labelledSequences.map { .init(used: session.selection.ids.count, of: $0) }, hosts: watchdog.hosts,
      activity: session.communicator.activity)
    (self.log, self.status) = (log, status)
    let tensorBoard = TensorBoardLog(
      run: folder.path, attempt: lock.holder.name, recipe: session.recipe.training, from: state.step, of: totalSteps,
      settings: [("command", .text(session.job.command.rawValue))] + session.recipe.hyperParameters, say: log.add)
    self.tensorBoard = tensorBoard
    lock.whileHeld { [weak status, weak tensorBoard] in
      status?.write()
      tensorBoard?.flush()
    }
    watchdog.onSentence { sentence in
      log.add(sentence)
      status.note(message: sentence)
    }
  }

  /// The attempt's number, as it stands in names of files.
  var attempt: String { lock.holder.name }

  /// Adds a step's line.
  /// - Parameter inputSeconds: how long this rank waited for the step's batch.
  func add(_ report: StepReport, inputSeconds: Double, _ progress: Progress, left: Int) throws {
    let row = TrainMetricsRow(report, inputSeconds: inputSeconds, checkpointSeconds: checkpointSeconds)
    status.note(row, progress.pace, left: left, straggler: progress.straggler)
    try metrics.append(row.line)
    tensorBoard?.add(row)
    checkpointSeconds = nil
  }

  /// Adds how weights and gradients are distributed after a step, where it is time.
  func add(_ histograms: () -> [StepHistogram], after report: StepReport) {
    if let tensorBoard, report.skip == nil, tensorBoard.hasHistograms(at: report.step) {
      tensorBoard.add(histograms(), step: report.step)
    }
  }

  /// Adds a validation's line.
  /// - Parameter confusion: `[true][predicted]`, of a classifier.
  func add(_ row: ValidationMetricsRow, confusion: [[Int]]?) throws {
    try metrics.append(row)
    tensorBoard?.add(row, confusion: confusion)
  }

  /// Adds a round's line.
  func add(_ row: PseudoLabelMetricsRow) throws { try metrics.append(row) }

  /// Begins to write a checkpoint; the metrics up to it are made durable first.
  func save(_ snapshot: @autoclosure () -> CheckpointSnapshot) throws {
    let start = ContinuousClock.now
    try metrics.synchronise()
    tensorBoard?.flush()
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
    if state == .finished { tensorBoard?.addEnd(step: status.step) }
    tensorBoard?.flush()
    status.end(state, exitCode: exitCode)
    try lock.release()
  }

  /// Says which error ended the attempt.
  func fail(_ error: any Error) {
    let code = TrainingError.exitCode(of: error)
    log.add("ended with \(code): \(error)")
    tensorBoard?.flush()
    status.end(.failed, exitCode: code, message: "\(error)")
  }

  /// Where and when a checkpoint was made: what may differ between equal runs.
  /// - Parameter commit: of the program.
  static func made(ranks: Int, commit: String?) -> [String: String] {
    [
      "time": ISO8601DateFormatter().string(from: Date()), "host": World.hostName, "ranks": "\(ranks)",
      "instructionSet": InstructionSet.active.rawValue, "commit": commit ?? "unknown",
    ]
  }
}
