/// A CSV table that says class, group and split of files.
struct NameTable {
  struct Row {
    var label: String?
    var group: String?
    var split: String?
  }

  let path: String
  private var rows: [String: Row] = [:]

  /// Reads a table with a header: `file` and any of `class`, `group` and `split`; other columns are passed over.
  init(at path: String) throws {
    self.path = path
    let lines = try LineReader(at: path)
    guard let first = try lines.next() else { throw DataError.damaged(path, "is empty; it needs a header file,class") }
    guard let header = DelimitedLine.split(first, delimiter: 0x2C) else { throw lines.error("a quote is not closed") }
    guard let file = header.firstIndex(of: "file") else {
      throw lines.error("the header \(header) has no column named file")
    }
    func value(_ name: String, _ fields: [String]) -> String? {
      guard let index = header.firstIndex(of: name), !fields[index].isEmpty else { return nil }
      return fields[index]
    }
    while let line = try lines.next() {
      if line.isEmpty { continue }
      guard let fields = DelimitedLine.split(line, delimiter: 0x2C) else { throw lines.error("a quote is not closed") }
      guard fields.count == header.count else {
        throw lines.error("\(fields.count) fields; the header has \(header.count)")
      }
      let row = Row(label: value("class", fields), group: value("group", fields), split: value("split", fields))
      guard rows.updateValue(row, forKey: fields[file]) == nil else {
        throw lines.error("the file \(fields[file]) has a row already")
      }
    }
  }

  /// The row of a file: by its path within the source, by its name, or by its name without extension.
  func row(for file: String, root: String) -> Row? {
    let inside = String(file.dropFirst(root.count).drop { $0 == "/" })
    let name = file.split(separator: "/").last.map(String.init) ?? file
    return rows[inside] ?? rows[name] ?? rows[NamePattern.baseName(file)]
  }
}

/// The fields of a line of a table (RFC 4180, but that no field holds a line's end).
enum DelimitedLine {
  /// The fields, without spaces around them and without their quotes; nil where a quote is not closed.
  static func split(_ line: [UInt8], delimiter: UInt8) -> [String]? {
    ranges(line, delimiter: delimiter)?.map { text(line[$0]) }
  }

  /// Where the fields lie, quotes included.
  static func ranges(_ line: [UInt8], delimiter: UInt8) -> [Range<Int>]? {
    var ranges: [Range<Int>] = []
    ranges.reserveCapacity(line.count { $0 == delimiter } + 1)
    var start = 0
    var isQuoted = false
    line.withUnsafeBufferPointer { bytes in
      for index in 0..<bytes.count {
        let byte = bytes[index]
        if byte == 0x22 {
          isQuoted.toggle()
        } else if byte == delimiter, !isQuoted {
          ranges.append(start..<index)
          start = index + 1
        }
      }
    }
    ranges.append(start..<line.count)
    return isQuoted ? nil : ranges
  }

  /// A field's text: without spaces around it, and without quotes around it, of which two inside stand for one.
  static func text(_ field: ArraySlice<UInt8>) -> String {
    let trimmed = NumberParser.trim(Array(field))
    guard trimmed.count >= 2, trimmed.first == 0x22, trimmed.last == 0x22 else {
      return String(decoding: trimmed, as: UTF8.self)
    }
    var text: [UInt8] = []
    text.reserveCapacity(trimmed.count)
    var position = trimmed.startIndex + 1
    let end = trimmed.endIndex - 1
    while position < end {
      text.append(trimmed[position])
      position += trimmed[position] == 0x22 && position + 1 < end && trimmed[position + 1] == 0x22 ? 2 : 1
    }
    return String(decoding: text, as: UTF8.self)
  }
}
