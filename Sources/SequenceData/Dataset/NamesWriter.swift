import ArrayFiles

/// Writes the names of a shard's sequences, a line each, in memory for one piece.
final class NamesWriter {
  /// Bytes that are written at once.
  private static let piece = 1 << 16
  private var file: AtomicFile.Writer?
  private var pending: [UInt8] = []

  /// Begins a file at whose start so many sequences have no name.
  init(at path: String, unnamed: Int) throws {
    file = try AtomicFile.Writer(creating: path)
    pending = Array(repeating: 0x0A, count: unnamed)
  }

  /// Appends a name, which holds no line's end.
  func append(_ name: String) throws {
    pending += name.utf8
    pending.append(0x0A)
    if pending.count >= NamesWriter.piece { try flush() }
  }

  /// Writes what is left and closes the file.
  func close() throws {
    try flush()
    _ = try file.take()?.finish()
  }

  private func flush() throws {
    try file?.write(pending)
    pending.removeAll(keepingCapacity: true)
  }
}
