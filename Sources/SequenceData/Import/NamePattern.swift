/// A pattern such as `{class}_{group}_{index}`.
struct NamePattern {
  private enum Part {
    case text([UInt8])
    case field(String)
  }

  let text: String
  private let parts: [Part]

  /// The names of the fields.
  var fields: [String] {
    parts.compactMap { if case .field(let name) = $0 { name } else { nil } }
  }

  /// Reads a pattern. Throws ``DataError/usage(_:)`` where braces do not match, a field has no name or comes twice, or
  /// nothing stands between two fields.
  init(parsing text: String) throws {
    func wrong(_ reason: String) -> DataError { .usage("the pattern \"\(text)\" of file names \(reason)") }
    var parts: [Part] = []
    var rest = text[...]
    while let first = rest.first {
      if first == "{" {
        guard let end = rest.firstIndex(of: "}") else { throw wrong("has a { without }") }
        let name = String(rest[rest.index(after: rest.startIndex)..<end])
        guard !name.isEmpty, !name.contains("{") else { throw wrong("has a field without a name") }
        if case .field = parts.last { throw wrong("has two fields with nothing between them") }
        parts.append(.field(name))
        rest = rest[rest.index(after: end)...]
      } else {
        let end = rest.firstIndex(of: "{") ?? rest.endIndex
        guard !rest[..<end].contains("}") else { throw wrong("has a } without {") }
        parts.append(.text(Array(rest[..<end].utf8)))
        rest = rest[end...]
      }
    }
    self.text = text
    self.parts = parts
    guard Set(fields).count == fields.count else { throw wrong("names a field twice") }
  }

  /// The fields of a name, or nil where it does not fit. Each field is as short as it can be, none is empty; what
  /// stands between fields is sought from the left, the last text at the end.
  func match(_ name: String) -> [String: String]? {
    let bytes = Array(name.utf8)
    var values: [String: String] = [:]
    var position = 0
    for (index, part) in parts.enumerated() {
      switch part {
      case .text(let text):
        guard bytes[position...].starts(with: text) else { return nil }
        position += text.count
      case .field(let field):
        guard let end = end(ofField: index, from: position, in: bytes), end > position else { return nil }
        values[field] = String(decoding: bytes[position..<end], as: UTF8.self)
        position = end
      }
    }
    return position == bytes.count ? values : nil
  }

  private func end(ofField index: Int, from position: Int, in bytes: [UInt8]) -> Int? {
    guard index + 1 < parts.count, case .text(let text) = parts[index + 1] else { return bytes.count }
    guard bytes.count - position > text.count else { return nil }
    if index + 2 == parts.count { return bytes.suffix(text.count).elementsEqual(text) ? bytes.count - text.count : nil }
    return (position + 1...bytes.count - text.count).first { bytes[$0...].starts(with: text) }
  }

  /// The file's name without folders and extension.
  static func baseName(_ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }
}

/// A condition such as `index<5`.
struct NameCondition {
  private static let operators = ["<=", ">=", "!=", "==", "<", ">", "="]

  private let field: String
  private let comparison: String
  private let value: String

  /// Reads conditions with commas between them, on some of `fields`.
  static func list(parsing text: String, fields: [String]) throws -> [NameCondition] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      let part = String(part)
      guard let start = part.firstIndex(where: { "<>=!".contains($0) }),
        let comparison = operators.first(where: part[start...].hasPrefix)
      else { throw DataError.usage("the condition \"\(part)\" has none of \(operators.joined(separator: " "))") }
      let field = part[..<start].filter { $0 != " " }
      let value = String(part[start...].dropFirst(comparison.count)).filter { $0 != " " }
      guard fields.contains(field) else {
        throw DataError.usage("the condition \"\(part)\" names no field of the pattern; it has \(fields)")
      }
      if comparison.contains("<") || comparison.contains(">"), Int(value) == nil {
        throw DataError.usage("the condition \"\(part)\" compares with \"\(value)\", which is no integer")
      }
      return NameCondition(field: field, comparison: comparison, value: value)
    }
  }

  /// Whether the fields of a file's name meet the condition.
  func holds(_ fields: [String: String], path: String) throws -> Bool {
    let found = fields[field] ?? ""
    switch comparison {
    case "=", "==": return found == value || (Int(found) != nil && Int(found) == Int(value))
    case "!=": return found != value && (Int(found) == nil || Int(found) != Int(value))
    default:
      guard let left = Int(found), let right = Int(value) else {
        throw DataError.damaged(path, "\(field) is \"\(found)\", which is no integer to compare with \(value)")
      }
      switch comparison {
      case "<": return left < right
      case "<=": return left <= right
      case ">": return left > right
      default: return left >= right
      }
    }
  }
}
