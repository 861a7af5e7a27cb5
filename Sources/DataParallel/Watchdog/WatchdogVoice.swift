import Glibc
import Synchronization

/// Where a watchdog's sentences go: to standard error, and to whoever listens.
final class WatchdogVoice: Sendable {
  private let listener = Mutex<(@Sendable (String) -> Void)?>(nil)

  func listen(_ body: @escaping @Sendable (String) -> Void) { listener.withLock { $0 = body } }

  /// Writes one line to standard error in one call, so that lines of several ranks do not mix.
  func say(_ sentence: String) {
    let line = Array(("lockstep: " + sentence + "\n").utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    listener.withLock(\.self)?(sentence)
  }
}
