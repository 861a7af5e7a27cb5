import Glibc
import PackedTensors
import Synchronization

/// Renews a file's time of modification every two seconds, on a thread of its own, for as long as the process lives,
/// and does then what its holder wants done as often.
final class Heartbeat: Sendable {
  /// How long another host looks for a sign of life.
  static let observationSeconds = 10

  private let path: String
  private let isStopping = Atomic<Bool>(false)
  private let work = Mutex<(@Sendable () -> Void)?>(nil)

  init(path: String) {
    self.path = path
    BackgroundThread { [self] in run() }?.detach()
  }

  /// Sets what is done at every beat, on the heartbeat's thread.
  func onBeat(_ body: @escaping @Sendable () -> Void) { work.withLock { $0 = body } }

  /// Ends the renewing.
  func stop() { isStopping.store(true, ordering: .relaxed) }

  private func run() {
    while !isStopping.load(ordering: .relaxed) {
      utimensat(AT_FDCWD, path, nil, 0)
      work.withLock(\.self)?()
      for _ in 0..<20 where !isStopping.load(ordering: .relaxed) { usleep(100_000) }
    }
  }
}
