import ArrayFiles
import Glibc

/// What a run has written into its metrics.jsonl, as columns of numbers: a table for each kind of row.
///
/// Made for a file that a training still writes: a last line without its newline is left for the next ``update()``, a line
/// that is no JSON object is counted and passed over.
/// ```
/// var metrics = RunMetrics(file: run + "/metrics.jsonl")
/// try metrics.update()                     // again at any time: reads what was added
/// let losses = metrics.train["loss"] ?? []
/// ```
public struct RunMetrics: Sendable {
  /// The file.
  public let path: String
  /// A row a step.
  public private(set) var train = MetricsTable()
  /// A row a validation.
  public private(set) var validation = MetricsTable()
  /// A row a round of pseudo-labelling.
  public private(set) var pseudoLabels = MetricsTable()
  /// Whole lines that are no JSON object.
  public private(set) var damagedLines = 0
  /// Bytes of a last line that has no newline yet.
  public var unfinishedBytes: Int { rest.count }

  /// Bytes that were read, and of which file.
  private var offset = 0
  private var file: FileIdentity?
  /// The beginning of a line whose end has not been read.
  private var rest: [UInt8] = []
  private var isSkippingLine = false

  private static let chunk = 1 << 22
  /// No line is as long; the rest of one that is counts as damage.
  private static let longestLine = 1 << 24

  /// The metrics in the file at `path`; nothing is read yet.
  public init(file path: String) { self.path = path }

  /// The metrics in some bytes, as if a file held them.
  init(bytes: [UInt8]) {
    path = ""
    bytes.withUnsafeBytes { take($0) }
  }

  /// Reads what has been added since the last time; all of it where the file is another one now or is shorter than it
  /// was, as when a run went back to a checkpoint.
  ///
  /// Complexity: O(bytes added), about 2 µs a row.
  /// - Returns: whether there was anything new.
  /// - Throws: `FileError.missing` where there is no such file, `damaged` where it is no regular one, `inputOutput`.
  @discardableResult public mutating func update() throws(FileError) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT { throw .missing(path: path, advice: "a training writes it with its first step") }
      throw .inputOutput(path: path, operation: "open", code: errno)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .inputOutput(path: path, operation: "stat", code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .damaged(path: path, reason: "is not a regular file") }
    let now = FileIdentity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
    var isChanged = false
    if file != now || Int(status.st_size) < offset {
      isChanged = file != nil
      self = RunMetrics(file: path)
      file = now
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: RunMetrics.chunk, alignment: 1)
    defer { buffer.deallocate() }
    while true {
      let count = pread(descriptor, buffer.baseAddress, buffer.count, offset)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .inputOutput(path: path, operation: "read", code: errno) }
      if count == 0 { return isChanged }
      isChanged = true
      offset += count
      take(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]))
    }
  }

  /// Reads the lines that end in `bytes` and keeps the rest.
  private mutating func take(_ bytes: UnsafeRawBufferPointer) {
    var row = MetricsRow()
    var start = 0
    while let newline = memchr(bytes.baseAddress! + start, 0x0A, bytes.count - start) {
      let end = UnsafeRawPointer(newline) - bytes.baseAddress!
      let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      if rest.isEmpty {
        add(piece, &row)
      } else {
        let line = rest + piece
        rest = []
        line.withUnsafeBytes { add($0, &row) }
      }
      start = end + 1
      if start == bytes.count { return }
    }
    rest += bytes[start...]
    if rest.count > RunMetrics.longestLine {
      rest = []
      isSkippingLine = true
    }
  }

  private mutating func add(_ line: UnsafeRawBufferPointer, _ row: inout MetricsRow) {
    guard !isSkippingLine, row.read(line) else {
      isSkippingLine = false
      if line.contains(where: { $0 != 0x20 && $0 != 0x0D }) { damagedLines += 1 }
      return
    }
    switch String(decoding: row.kind, as: UTF8.self) {
    case "train": train.append(row)
    case "validation": validation.append(row)
    case "pseudoLabels": pseudoLabels.append(row)
    default: break
    }
  }

  private struct FileIdentity: Sendable, Equatable {
    let device, number: UInt64
  }
}
