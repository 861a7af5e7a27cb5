import ArrayFiles
import Checkpoints
import Foundation

/// `RUN/logs/attempt-00000003.log`: what one attempt has told, each line with its time. Rank 0 alone; any thread may
/// add.
///
/// A line that cannot be written is left out: it stands on standard error as well.
final class RunLog: Sendable {
  private let descriptor: Int32

  /// Makes the log of an attempt.
  /// - Parameter run: the run's folder.
  init(run: String, of attempt: RunLock.Holder) throws {
    let folder = run + "/logs"
    try AtomicFile.createFolder(folder)
    let path = "\(folder)/attempt-\(attempt.name).log"
    descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError.system("open", path: path) }
  }

  /// Adds a line, in one write.
  func add(_ sentence: String) {
    let line = Array((Date.now.formatted(.iso8601) + " " + sentence + "\n").utf8)
    _ = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  }

  deinit { close(descriptor) }
}
