import ArrayFiles

/// The lines of a text file, plain or gzip, without their ends (`\n` or `\r\n`) and without a byte-order mark.
final class LineReader {
  /// The longest line that is read, in bytes.
  static let longestLine = 1 << 30

  /// The number of the current line, from 1.
  private(set) var line = 0
  var path: String { bytes.path }
  /// Bytes of the file read so far.
  var bytesRead: Int { bytes.bytesRead }

  private let bytes: ByteReader
  private var rest = UnsafeRawBufferPointer(start: nil, count: 0)
  private var current: [UInt8] = []
  private var isHeld = false

  init(at path: String) throws { bytes = try ByteReader(at: path) }

  /// Lets the next call give the current line again.
  func unread() {
    isHeld = true
    line -= 1
  }

  /// The next line, or nil at the end.
  func next() throws -> [UInt8]? {
    if isHeld {
      isHeld = false
      line += 1
      return current
    }
    current.removeAll(keepingCapacity: true)
    var isComplete = false
    while !isComplete {
      if rest.isEmpty {
        guard let piece = try bytes.next() else { break }
        rest = piece
      }
      let end = rest.firstIndex(of: 0x0A)
      current.append(contentsOf: UnsafeRawBufferPointer(rebasing: rest[..<(end ?? rest.count)]))
      rest = UnsafeRawBufferPointer(rebasing: rest[(end.map { $0 + 1 } ?? rest.count)...])
      isComplete = end != nil
      guard current.count <= LineReader.longestLine else {
        line += 1
        throw error("the line is longer than \(LineReader.longestLine) bytes")
      }
    }
    guard isComplete || !current.isEmpty else { return nil }
    line += 1
    if current.last == 0x0D { current.removeLast() }
    if line == 1, current.starts(with: [0xEF, 0xBB, 0xBF]) { current.removeFirst(3) }
    return current
  }

  /// An error at the current line.
  func error(_ reason: String) -> DataError { .line(path: path, line: line, reason: reason) }
}
