import ArrayFiles
import Checkpoints
import Foundation
import MessagePassing
import Synchronization

/// Keeps `RUN/status.json`, and the same for Prometheus in `RUN/metrics.prom`. Rank 0 alone; the thread that trains notes,
/// any thread writes.
///
/// A status that cannot be written, on a full disk for example, harms nothing: metrics and checkpoints tell of it.
final class StatusFile: Sendable {
  private let run: String
  private let store: CheckpointStore
  private let lock: RunLock
  private let activity: Activity
  private let status: Mutex<RunStatus>
  private let writing = Mutex<Void>(())

  /// - Parameters:
  ///   - totalSteps: steps of the run.
  ///   - labels: how many labels a training with labels was given.
  ///   - hosts: the host of each rank.
  ///   - activity: what this rank does.
  init(
    _ folder: RunFolder, lock: RunLock, state: TrainingState, totalSteps: Int, labels: RunStatus.Labels?,
    hosts: [String],
    activity: Activity
  ) {
    run = folder.path
    store = folder.store
    self.lock = lock
    self.activity = activity
    let now = StatusFile.now
    var unique: [String] = []
    for host in hosts where !unique.contains(host) { unique.append(host) }
    status = Mutex(
      RunStatus(
        attempt: lock.holder.attempt, step: state.step, steps: totalSteps, epoch: state.epoch, labels: labels,
        ranks: hosts.count, hosts: unique, process: lock.holder.process, started: now, updated: now))
  }

  /// Takes over what a step did.
  func note(_ row: TrainMetricsRow, _ pace: Pace, left: Int, straggler: Straggler?) {
    status.withLock {
      $0.step = row.step
      $0.epoch = row.epoch
      $0.loss = row.loss
      $0.accuracy = row.accuracy
      $0.gradientNorm = row.gradientNorm
      $0.peakBytes = row.peakBytes
      $0.communicationSeconds += row.exposedCommunicationSeconds
      if row.skippedFor != nil { $0.skippedSteps += 1 }
      $0.straggler = straggler
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
      ($0.secondsLeft, $0.straggler) = (nil, nil)
      if let message { $0.message = message }
    }
    write()
  }

  /// Replaces the files, unless another attempt holds the run.
  func write() {
    // Two threads would write one temporary file. What the training thread notes waits for no file.
    writing.withLock { _ in
      guard (try? lock.check()) != nil else { return }
      let (checkpoint, best) = (name(of: .latest), name(of: .best))
      let status = status.withLock {
        $0.phase = activity.snapshot.phase
        ($0.checkpoint, $0.bestCheckpoint, $0.updated) = (checkpoint, best, StatusFile.now)
        return $0
      }
      replace("status.json", by: Array(StableJSON.encode(status)))
      let text = PrometheusText(
        status, run: run, checkpoint: newestCheckpoint, seconds: Date.now.timeIntervalSince1970
      ).text
      replace("metrics.prom", by: Array(text.utf8))
    }
  }

  private func replace(_ name: String, by content: [UInt8]) {
    try? AtomicFile.write(to: "\(run)/\(name)", isDurable: false) {
      (writer: inout AtomicFile.Writer) throws(FileError) in
      try writer.write(content)
    }
  }

  private var newestCheckpoint: PrometheusText.Checkpoint? {
    guard let step = try? store.step(of: .latest) else { return nil }
    let folder = "\(store.path)/\(CheckpointStore.name(ofStep: step))"
    let made = (try? FileManager.default.attributesOfItem(atPath: folder))?[.modificationDate] as? Date
    return made.map { .init(step: step, seconds: $0.timeIntervalSince1970) }
  }

  private func name(of link: CheckpointStore.Link) -> String? {
    guard let step = try? store.step(of: link) else { return nil }
    return CheckpointStore.name(ofStep: step)
  }

  private static var now: String { Date.now.formatted(.iso8601) }
}
