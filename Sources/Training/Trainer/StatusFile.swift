import ArrayFiles
import Checkpoints
import Foundation
import MessagePassing
import Synchronization

/// Keeps `RUN/status.json`. Rank 0 alone; the thread that trains notes, any thread writes.
///
/// A status that cannot be written, on a full disk for example, harms nothing: metrics and checkpoints tell of it.
final class StatusFile: Sendable {
  private let path: String
  private let store: CheckpointStore
  private let lock: RunLock
  private let activity: Activity
  private let status: Mutex<RunStatus>

  /// - Parameters:
  ///   - totalSteps: steps of the run.
  ///   - hosts: the host of each rank.
  ///   - activity: what this rank does.
  init(_ folder: RunFolder, lock: RunLock, state: TrainingState, totalSteps: Int, hosts: [String], activity: Activity) {
    path = folder.path + "/status.json"
    store = folder.store
    self.lock = lock
    self.activity = activity
    let now = StatusFile.now
    var unique: [String] = []
    for host in hosts where !unique.contains(host) { unique.append(host) }
    status = Mutex(
      RunStatus(
        attempt: lock.holder.attempt, step: state.step, steps: totalSteps, epoch: state.epoch, ranks: hosts.count,
        hosts: unique, process: lock.holder.process, started: now, updated: now))
  }

  /// Takes over what a step did.
  func note(_ report: StepReport, _ pace: Pace, left: Int) {
    status.withLock {
      $0.step = report.step
      $0.epoch = report.epoch
      $0.loss = FiniteNumber(report.loss)
      $0.accuracy = report.accuracy
      $0.timestepsPerSecond = pace.timestepsPerSecond
      $0.secondsLeft = pace.seconds(for: left)
    }
  }

  /// Takes over a sentence about what went wrong, and writes.
  func note(message: String) {
    status.withLock { $0.message = message }
    write()
  }

  /// Says how the attempt ended, and writes.
  func end(_ state: RunStatus.State, exitCode: Int32, message: String? = nil) {
    status.withLock {
      $0.state = state
      $0.exitCode = exitCode
      $0.secondsLeft = nil
      if let message { $0.message = message }
    }
    write()
  }

  /// Replaces the file, unless another attempt holds the run.
  func write() {
    // Held throughout: two threads would write one temporary file.
    status.withLock { status in
      guard (try? lock.check()) != nil else { return }
      status.phase = activity.snapshot.phase
      status.checkpoint = name(of: .latest)
      status.bestCheckpoint = name(of: .best)
      status.updated = StatusFile.now
      try? AtomicFile.writeVolatile(Array(StableJSON.encode(status)), to: path)
    }
  }

  private func name(of link: CheckpointStore.Link) -> String? {
    guard let step = try? store.step(of: link) else { return nil }
    return CheckpointStore.name(ofStep: step)
  }

  private static var now: String { Date.now.formatted(.iso8601) }
}
