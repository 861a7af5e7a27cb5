import ArrayFiles
import FoundationEssentials
import Glibc

/// `RUN/metrics.jsonl`: one JSON object a line, appended, each with the `step` that it belongs to.
public struct MetricsFile: ~Copyable {
  private let path: String
  private let descriptor: Int32

  /// Opens the file for appending and makes it, durably, where it is not there.
  public init(path: String) throws(FileError) {
    descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
    self.path = path
    guard descriptor >= 0 else { throw FileError.system("open", path: path) }
    try AtomicFile.syncFolder(AtomicFile.folderName(of: path))
  }

  /// Appends one object, given without its newline, in one write.
  public func append(_ object: some Encodable) throws(FileError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      try append(line: Array(encoder.encode(object)))
    } catch let error as FileError {
      throw error
    } catch {
      preconditionFailure("\(object) has no JSON: \(error)")
    }
  }

  /// Appends one object in one write.
  public func append(_ line: JSONLine) throws(FileError) { try append(line: Array(line.closed.utf8)) }

  private func append(line: [UInt8]) throws(FileError) {
    var rest = line[...]
    precondition(!rest.contains(UInt8(ascii: "\n")), "a metrics line with a newline in it")
    rest.append(UInt8(ascii: "\n"))
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        throw FileError.system("write", path: path)
      }
    }
  }

  /// Makes durable what was appended; to be called before a checkpoint of the same step is published.
  public func synchronise() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw FileError.system("fsync", path: path) }
  }

  deinit { close(descriptor) }

  /// Keeps the lines of steps up to `step` and drops later ones and what a loss of power left of them; atomic.
  ///
  /// Behind the line of `step`, up to which the file was synced, a disk may hold any blocks of what was written, and
  /// zeros for others. Returns how many lines were dropped. A file that is not there is fine. Throws
  /// `FileError.damaged` with the line's number where one is no JSON object with a `step`, unless it is the last or
  /// comes behind the line of `step` with none up to `step` after it. O(file).
  @discardableResult public static func cutBack(_ path: String, toStep step: Int) throws(FileError) -> Int {
    guard AtomicFile.exists(path) else { return 0 }
    let file = try MappedFile(at: path)
    let decoder = JSONDecoder()
    var dropped = 0
    try AtomicFile.write(to: path) { (writer: inout AtomicFile.Writer) throws(FileError) in
      var start = 0
      var number = 0
      var reached = 0
      var damaged: Int?
      while start < file.count {
        let rest = UnsafeRawBufferPointer(rebasing: file.bytes[start...])
        let end = rest.firstIndex(of: UInt8(ascii: "\n"))
        let line = UnsafeRawBufferPointer(rebasing: rest[..<(end ?? rest.count)])
        number += 1
        if let row = try? decoder.decode(Row.self, from: Data(line)) {
          if row.step <= step {
            if let damaged { throw .damaged(path: path, reason: "line \(damaged) is no JSON object with a step") }
            reached = max(reached, row.step)
            try writer.write(line)
            try writer.write([UInt8(ascii: "\n")])
          } else {
            dropped += 1
          }
        } else {
          guard start + line.count + 1 >= file.count || reached == step else {
            throw .damaged(path: path, reason: "line \(number) is no JSON object with a step")
          }
          damaged = damaged ?? number
          dropped += 1
        }
        start += line.count + 1
      }
    }
    return dropped
  }

  private struct Row: Decodable { let step: Int }
}
