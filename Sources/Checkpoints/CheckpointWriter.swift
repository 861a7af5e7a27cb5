import ArrayFiles
import PackedTensors
import Tracing

/// Publishes checkpoints on a thread of its own while training goes on; one at a time.
///
/// It is used from one thread. What went wrong with a checkpoint is thrown by the next call.
public final class CheckpointWriter {
  private let store: CheckpointStore
  private let keep: Int
  private let lock: RunLock?
  private let timeline: Timeline?
  private var job: Job?

  /// A writer into `store` that keeps the newest `keep` checkpoints and what `latest` and `best` name, for as long as
  /// `lock` holds.
  /// - Parameter timeline: told of each.
  public init(store: CheckpointStore, keep: Int, lock: RunLock? = nil, timeline: Timeline? = nil) {
    self.timeline = timeline
    self.store = store
    self.keep = keep
    self.lock = lock
  }

  /// Waits for the checkpoint that is being written, then begins to write this one and returns.
  ///
  /// Throws the error of the one before, and then has not begun with this one.
  public func write(_ snapshot: CheckpointSnapshot) throws {
    try finish()
    let job = Job(store: store, keep: keep, lock: lock, snapshot: snapshot, timeline: timeline?.ifOn)
    job.start()
    self.job = job
  }

  /// Waits until nothing is being written any more and throws what went wrong with it.
  public func finish() throws {
    guard let job else { return }
    self.job = nil
    if let failure = job.wait() { throw failure }
  }

  deinit { _ = job?.wait() }

  /// One checkpoint on its way. The thread has it to itself between `start` and the join in `wait`.
  private final class Job: @unchecked Sendable {
    private let store: CheckpointStore
    private let keep: Int
    private let lock: RunLock?
    private var snapshot: CheckpointSnapshot?
    private let timeline: Timeline?
    private var failure: (any Error)?
    private var thread: BackgroundThread?

    init(
      store: CheckpointStore, keep: Int, lock: RunLock?, snapshot: CheckpointSnapshot, timeline: Timeline?
    ) {
      self.timeline = timeline
      self.store = store
      self.keep = keep
      self.lock = lock
      self.snapshot = snapshot
    }

    /// Starts the thread; where the system gives none, the checkpoint is written at once.
    func start() {
      thread = BackgroundThread { self.run() }
      if thread == nil { run() }
    }

    func wait() -> (any Error)? {
      thread?.wait()
      return failure
    }

    private func run() {
      guard let snapshot else { return }
      self.snapshot = nil
      let start = MonotonicTime.nanoseconds
      defer { timeline?.add(.checkpoints, "checkpoint", since: start) }
      do {
        try store.publish(snapshot, keep: keep, lock: lock)
      } catch {
        failure = error
      }
    }
  }
}
