import Foundation

/// One call by which a program changed the files below a folder, or made a change durable: a record of the library
/// FileJournal (Tests/PowerLoss/FileJournal), put under the program by LD_PRELOAD.
struct FileRecord {
  enum Operation: String {
    case open, create, replace, write, truncate, sync, close
    case mkdir, rmdir, unlink, rename, exchange, link, symlink
  }

  var operation: Operation
  /// -1 where the call names a path.
  var descriptor: Int
  /// Of a write, or the new length.
  var offset: Int
  /// From the folder on; of a descriptor, what it was opened by.
  var path: String
  /// The new name; the place of a symbolic link.
  var other: String
  /// What was written.
  var bytes: [UInt8]

  /// The records of a journal, in order.
  static func journal(at path: String) throws -> [FileRecord] {
    let all = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    var records: [FileRecord] = []
    var opened: [Int: String] = [:]
    var position = 0
    while position < all.count {
      let end = all[position...].firstIndex(of: UInt8(ascii: "\n")) ?? all.count
      let fields = String(decoding: all[position..<end], as: UTF8.self)
        .split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 6, let operation = Operation(rawValue: fields[0]), let descriptor = Int(fields[1]),
        let offset = Int(fields[2]), let count = Int(fields[3]), end + 1 + count <= all.count
      else { throw JournalError(what: "record \(records.count) cannot be read: \(fields)") }
      if [.open, .create, .replace].contains(operation) { opened[descriptor] = fields[4] }
      records.append(
        FileRecord(
          operation: operation, descriptor: descriptor, offset: offset,
          path: descriptor < 0 ? fields[4] : opened[descriptor] ?? "", other: fields[5],
          bytes: Array(all[(end + 1)..<(end + 1 + count)])))
      position = end + 1 + count
    }
    return records
  }
}

/// A journal that cannot be read, or holds what the model of a disk does not know.
struct JournalError: Error, CustomStringConvertible {
  var what: String
  var description: String { "journal: \(what)" }
}
