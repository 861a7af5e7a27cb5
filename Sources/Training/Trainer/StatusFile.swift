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
  private let writing = Mutex<Void>(())

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

  /// Steps done.
  var step: Int { status.withLock(\.step) }

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
    // Two threads would write one temporary file. What the training thread notes waits for no file.
    writing.withLock { _ in
      guard (try? lock.check()) != nil else { return }
      let (checkpoint, best) = (name(of: .latest), name(of: .best))
      let content = status.withLock {
        $0.phase = activity.snapshot.phase
        ($0.checkpoint, $0.bestCheckpoint, $0.updated) = (checkpoint, best, StatusFile.now)
        return StableJSON.encode($0)
      }
      try? AtomicFile.write(to: path, isDurable: false) { (writer: inout AtomicFile.Writer) throws(FileError) in
        try writer.write(Array(content))
      }
    }
  }

  private func name(of link: CheckpointStore.Link) -> String? {
    guard let step = try? store.step(of: link) else { return nil }
    return CheckpointStore.name(ofStep: step)
  }

  private static var now: String { Date.now.formatted(.iso8601) }
}
