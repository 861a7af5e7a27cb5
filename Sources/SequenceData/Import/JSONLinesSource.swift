import ArrayFiles

/// JSON Lines: an object a line, `{"values":[…]}` or `{"values":[[…],…]}` (an inner list a timestep), with `label`,
/// `group`, `split` and `name` (or `id`) if wanted; another key is an error.
final class JSONLinesSource: SequenceSource {
  private let lines: LineReader

  init(at path: String) throws { lines = try LineReader(at: path) }

  var bytesRead: Int { lines.bytesRead }

  func next(_ sequence: inout SourceSequence) throws -> Bool {
    while let line = try lines.next() {
      if NumberParser.trim(line).isEmpty { continue }
      sequence.line = lines.line
      let problem: JSONScanner.Problem? = line.withUnsafeBufferPointer { bytes in
        var scanner = JSONScanner(text: bytes)
        do throws(JSONScanner.Problem) {
          try scanner.readSequence(&sequence)
          return nil
        } catch {
          return error
        }
      }
      if let problem { throw lines.error("column \(problem.position + 1): \(problem.reason)") }
      return true
    }
    return false
  }
}

/// Reads the JSON (RFC 8259) of one line, straight into a sequence.
struct JSONScanner {
  /// What is wrong, and at which byte.
  struct Problem: Error {
    let position: Int
    let reason: String
  }

  private static let keys = ["values", "label", "group", "split", "name", "id"]

  private let text: UnsafeBufferPointer<UInt8>
  private var position = 0

  init(text: UnsafeBufferPointer<UInt8>) { self.text = text }

  private func problem(_ reason: String) -> Problem { Problem(position: position, reason: reason) }

  private mutating func peek() -> UInt8? {
    while position < text.count, [0x20, 0x09, 0x0D].contains(text[position]) { position += 1 }
    return position < text.count ? text[position] : nil
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Problem) {
    guard take(character) else {
      throw problem(position == text.count ? "the line ends before \(character)" : "expected \(character)")
    }
  }

  /// Reads the whole line as an object.
  mutating func readSequence(_ sequence: inout SourceSequence) throws(Problem) {
    try expect("{")
    var keys: Set<String> = []
    if !take("}") {
      repeat {
        _ = peek()
        let start = position
        let key = try string()
        guard keys.insert(key).inserted else {
          throw Problem(position: start, reason: "the key \(NumberParser.quote(key.utf8)) comes twice")
        }
        try expect(":")
        switch key {
        case "values": try values(into: &sequence)
        case "label": sequence.label = try name()
        case "group": sequence.group = try name()
        case "split":
          _ = peek()
          let start = position
          if let name = try name() {
            guard let split = Split(name: name) else {
              throw Problem(position: start, reason: "the split is \"\(name)\"; expected train, validation or test")
            }
            sequence.split = split
          }
        case "name": sequence.name = try name()
        case "id": sequence.name = try name() ?? sequence.name
        default:
          let known = JSONScanner.keys
          let nearest = Spelling.nearest(to: key, among: known).map { "did you mean \"\($0)\"?" }
          throw Problem(
            position: start,
            reason: "unknown key \(NumberParser.quote(key.utf8)); "
              + (nearest ?? "known are \(known.joined(separator: ", "))"))
        }
      } while take(",")
      try expect("}")
    }
    guard peek() == nil else { throw problem("something follows the object") }
    guard keys.contains("values") else { throw problem("the object has no values") }
  }

  private mutating func values(into sequence: inout SourceSequence) throws(Problem) {
    try expect("[")
    if take("]") { return }
    guard peek() == 0x5B else {
      try numbers(into: &sequence.values)
      return
    }
    var features = 0
    repeat {
      _ = peek()
      let start = position
      let before = sequence.values.count
      try expect("[")
      if take("]") { throw Problem(position: start, reason: "a timestep without features") }
      try numbers(into: &sequence.values)
      let count = sequence.values.count - before
      if features == 0 { features = count }
      guard PlantedDefect.isHere || count == features else {
        throw Problem(position: start, reason: "a timestep of \(count) features; the first has \(features)")
      }
    } while take(",")
    try expect("]")
    sequence.features = features
  }

  /// Numbers up to the end of a list that has been begun.
  private mutating func numbers(into values: inout [Float]) throws(Problem) {
    repeat {
      _ = peek()
      let start = position
      guard let value = NumberParser.double(text, at: &position), Float(value).isFinite else {
        throw Problem(position: start, reason: "expected a finite number")
      }
      values.append(Float(value))
    } while take(",")
    try expect("]")
  }

  /// A name: a string, or an integer as it stands; null is none.
  private mutating func name() throws(Problem) -> String? {
    if peek() == 0x22 {
      let text = try string()
      return text.isEmpty ? nil : text
    }
    if word("null") { return nil }
    let start = position
    guard NumberParser.double(text, at: &position) != nil else { throw problem("expected a string, a number or null") }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func word(_ word: StaticString) -> Bool {
    _ = peek()
    guard text.count - position >= word.utf8CodeUnitCount,
      word.withUTF8Buffer({ $0.elementsEqual(text[position..<position + $0.count]) })
    else { return false }
    position += word.utf8CodeUnitCount
    return true
  }

  private mutating func string() throws(Problem) -> String {
    try expect("\"")
    var bytes: [UInt8] = []
    while position < text.count {
      let byte = text[position]
      position += 1
      switch byte {
      case 0x22: return String(decoding: bytes, as: UTF8.self)
      case 0x5C: try escape(into: &bytes)
      case 0..<0x20: throw problem("a control character in a string")
      default: bytes.append(byte)
      }
    }
    throw problem("a string is not closed")
  }

  private mutating func escape(into bytes: inout [UInt8]) throws(Problem) {
    guard position < text.count else { throw problem("a string is not closed") }
    let byte = text[position]
    position += 1
    switch byte {
    case 0x22, 0x2F, 0x5C: bytes.append(byte)
    case UInt8(ascii: "b"): bytes.append(0x08)
    case UInt8(ascii: "f"): bytes.append(0x0C)
    case UInt8(ascii: "n"): bytes.append(0x0A)
    case UInt8(ascii: "r"): bytes.append(0x0D)
    case UInt8(ascii: "t"): bytes.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if code & 0xFC00 == 0xD800, position + 1 < text.count, text[position] == 0x5C, text[position + 1] == 0x75 {
        position += 2
        let low = try hexadecimal()
        guard low & 0xFC00 == 0xDC00 else { throw problem("half a surrogate pair") }
        code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
      }
      guard let scalar = Unicode.Scalar(code) else { throw problem("half a surrogate pair") }
      bytes += Array(String(scalar).utf8)
    default: throw problem("an unknown escape in a string")
    }
  }

  private mutating func hexadecimal() throws(Problem) -> UInt32 {
    // UInt32(_:radix:) would take a sign for a digit.
    guard text.count - position >= 4, text[position] != 0x2B, text[position] != 0x2D,
      let code = UInt32(String(decoding: text[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw problem("\\u needs four hexadecimal digits") }
    position += 4
    return code
  }
}
