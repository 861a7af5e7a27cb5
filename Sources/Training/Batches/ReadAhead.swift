import Dispatch
import PackedTensors

/// Reads the next batch on a thread of its own while the present one is computed with.
final class ReadAhead {
  private let queue = DispatchQueue(label: "lockstep.read-ahead")
  private let read: (Int) throws -> Batch
  private var next: (step: Int, result: Pending)?
  /// Seconds that the last call of ``batch(_:last:)`` waited for its batch.
  private(set) var waitedSeconds = 0.0

  /// - Parameter read: reads the batch of a step; called on the reading thread, one call at a time.
  init(_ read: @escaping (Int) throws -> Batch) { self.read = read }

  /// The batch of `step`, read already if it was the one after the last; begins to read the one after it.
  /// - Parameter last: the last step that will be asked for.
  func batch(_ step: Int, last: Int) throws -> Batch {
    let asked = ContinuousClock.now
    let pending = next.flatMap { $0.step == step ? $0.result : nil } ?? start(step)
    pending.done.wait()
    waitedSeconds = (ContinuousClock.now - asked) / .seconds(1)
    next = step < last ? (step + 1, start(step + 1)) : nil
    return try pending.result!.get()
  }

  private func start(_ step: Int) -> Pending {
    let pending = Pending()
    let work = Work(read: read)
    queue.async {
      setFloatEnvironment()
      pending.result = Result { try work.read(step) }
      pending.done.signal()
    }
    return pending
  }

  /// A result on its way. Written by the reading thread before `done` is signalled, read by the other after it.
  private final class Pending: @unchecked Sendable {
    var result: Result<Batch, any Error>?
    let done = DispatchSemaphore(value: 0)
  }

  /// Carries the reading closure to its thread, which alone calls it.
  private struct Work: @unchecked Sendable {
    let read: (Int) throws -> Batch
  }
}
