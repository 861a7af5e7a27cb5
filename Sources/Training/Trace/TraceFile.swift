import ArrayFiles
import Glibc
import MessagePassing
import Tracing

/// One rank's part of a trace: a JSON array without its closing bracket, which viewers do not ask for, so that it can be
/// read at any moment and after any end. Written between steps, one write a step.
final class TraceFile {
  /// Where it is.
  let path: String
  private let descriptor: Int32
  private var text: TraceText
  /// Bytes that may still come.
  private var left: Int
  /// Whether nothing more is written: the limit is reached, or the disk is full.
  private(set) var isFull = false

  /// Bytes that are made ready for the events of a step.
  private static let textBytes = 1 << 20

  /// Begins a part, with the folders above it.
  /// - Parameter limitBytes: the most that it will hold, about.
  init(path: String, rank: Int, limitBytes: Int) throws(FileError) {
    self.path = path
    left = limitBytes
    text = TraceText(rank: rank, capacity: TraceFile.textBytes)
    try AtomicFile.createFolder(AtomicFile.folderName(of: path))
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError.system("open", path: path) }
    text.begin(host: World.hostName)
    write()
  }

  deinit { close(descriptor) }

  /// Adds what a clock showed.
  func add(_ clock: RankClock) {
    text.add(clock)
    write()
  }

  /// Adds what a timeline holds, and empties it; or says that the limit is reached.
  func add(_ timeline: Timeline) {
    var (isEmpty, collectives) = (true, 0)
    timeline.take { event in
      isEmpty = false
      if isFull { return }
      let before = text.bytes.count
      text.add(event)
      // Joining adds who was waited for, a line of about the same length.
      if event.kind == .collective { collectives += text.bytes.count - before }
    }
    guard !isEmpty, !isFull else { return }
    left -= collectives
    if text.bytes.count > left {
      text.clear()
      text.add("the trace is as large as it may be: what comes later is not in it", at: MonotonicTime.nanoseconds)
      write()
      isFull = true
    } else {
      write()
    }
  }

  private func write() {
    defer { text.clear() }
    guard !isFull else { return }
    let written = text.bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    left -= text.bytes.count
    // A part that ends within a line is read up to there.
    if written != text.bytes.count { isFull = true }
  }
}
