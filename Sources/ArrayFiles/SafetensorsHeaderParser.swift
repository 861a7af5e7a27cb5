/// Reads the one form of JSON that a safetensors header may have; no general JSON passes.
///
/// An object of objects, two levels deep; strings, whole numbers without sign and lists of them; no key twice.
struct SafetensorsHeaderParser {
  /// What is wrong with a header.
  struct Failure: Error { let reason: String }

  /// A tensor as the header tells of it, nothing checked yet.
  struct Item {
    let name: String
    let type: String
    let shape: [Int]
    let begin: Int
    let end: Int
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// The metadata and the tensors in the order in which they stand there.
  mutating func parse() throws(Failure) -> (metadata: [String: String], items: [Item]) {
    guard bytes.first == UInt8(ascii: "{") else { throw Failure(reason: "does not begin with {") }
    var metadata: [String: String] = [:]
    var items: [Item] = []
    var seen: Set<String> = []
    try object { (parser: inout Self, name: String) throws(Failure) in
      guard seen.insert(name).inserted else { throw Failure(reason: "\(name) stands there twice") }
      if name == "__metadata__" {
        metadata = try parser.texts()
      } else {
        guard items.count < SafetensorsHeader.largestCount else {
          throw Failure(reason: "more than \(SafetensorsHeader.largestCount) tensors")
        }
        items.append(try parser.item(named: name))
      }
    }
    skipSpace()
    guard position == bytes.count else { throw unexpected("nothing more") }
    return (metadata, items)
  }

  private mutating func item(named name: String) throws(Failure) -> Item {
    var type: String?
    var shape: [Int]?
    var offsets: [Int]?
    try object { (parser: inout Self, key: String) throws(Failure) in
      switch key {
      case "dtype" where type == nil: type = try parser.text()
      case "shape" where shape == nil: shape = try parser.numbers(atMost: SafetensorsHeader.highestRank)
      case "data_offsets" where offsets == nil: offsets = try parser.numbers(atMost: 2)
      case "dtype", "shape", "data_offsets": throw Failure(reason: "tensor \(name): \(key) stands there twice")
      default: throw Failure(reason: "tensor \(name): unknown key \(key)")
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw Failure(reason: "tensor \(name): needs dtype, shape and two data_offsets")
    }
    return Item(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1])
  }

  private mutating func texts() throws(Failure) -> [String: String] {
    var texts: [String: String] = [:]
    try object { (parser: inout Self, key: String) throws(Failure) in
      guard texts.updateValue(try parser.text(), forKey: key) == nil else {
        throw Failure(reason: "__metadata__: \(key) stands there twice")
      }
    }
    return texts
  }

  /// `{"key": …, …}`, whose values `member` reads.
  private mutating func object(_ member: (inout Self, String) throws(Failure) -> Void) throws(Failure) {
    try expect("{")
    if takes("}") { return }
    repeat {
      let key = try text()
      guard key.utf8.count <= SafetensorsHeader.longestName else {
        throw Failure(reason: "a name of more than \(SafetensorsHeader.longestName) bytes")
      }
      try expect(":")
      try member(&self, key)
    } while takes(",")
    try expect("}")
  }

  private mutating func numbers(atMost limit: Int) throws(Failure) -> [Int] {
    var numbers: [Int] = []
    try expect("[")
    if takes("]") { return numbers }
    repeat {
      guard numbers.count < limit else { throw unexpected("at most \(limit) numbers") }
      numbers.append(try number())
    } while takes(",")
    try expect("]")
    return numbers
  }

  /// A whole number without sign; `1.0`, `1e3` and `01` are refused.
  private mutating func number() throws(Failure) -> Int {
    skipSpace()
    let start = position
    while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) { position += 1 }
    let digits = bytes[start..<position]
    guard !digits.isEmpty, digits.count == 1 || digits.first != UInt8(ascii: "0") else {
      position = start
      throw unexpected("a whole number")
    }
    guard let number = Int(String(decoding: digits, as: UTF8.self)) else {
      throw Failure(reason: "byte \(8 + start): a number that is too large")
    }
    return number
  }

  private mutating func text() throws(Failure) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          throw Failure(reason: "byte \(8 + position): a text that is not UTF-8")
        }
        return string
      case UInt8(ascii: "\\"): text += try escape()
      case 0..<0x20: throw Failure(reason: "byte \(8 + position): a control character within a text")
      default: text.append(byte)
      }
    }
    throw unexpected("the end of a text")
  }

  private mutating func escape() throws(Failure) -> [UInt8] {
    guard position < bytes.count else { throw unexpected("an escape") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [8]
    case UInt8(ascii: "t"): return [9]
    case UInt8(ascii: "n"): return [10]
    case UInt8(ascii: "f"): return [12]
    case UInt8(ascii: "r"): return [13]
    case UInt8(ascii: "u"): return try unicode()
    default:
      position -= 1
      throw unexpected("an escape")
    }
  }

  /// What follows `\u`: four hexadecimal digits, or two such halves of a surrogate pair.
  private mutating func unicode() throws(Failure) -> [UInt8] {
    var units = [try hexadecimal()]
    if UTF16.isLeadSurrogate(units[0]), bytes[position...].starts(with: "\\u".utf8) {
      position += 2
      units.append(try hexadecimal())
    }
    guard let string = String(validating: units, as: UTF16.self) else {
      throw Failure(reason: "byte \(8 + position): half of a surrogate pair")
    }
    return Array(string.utf8)
  }

  private mutating func hexadecimal() throws(Failure) -> UInt16 {
    let digits = bytes[position...].prefix(4)
    let isHexadecimal = digits.allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
    guard digits.count == 4, isHexadecimal, let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16) else {
      throw unexpected("four hexadecimal digits")
    }
    position += 4
    return unit
  }

  private mutating func takes(_ character: Character) -> Bool {
    skipSpace()
    guard position < bytes.count, bytes[position] == character.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Character) throws(Failure) {
    guard takes(character) else { throw unexpected(String(character)) }
  }

  private mutating func skipSpace() {
    while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
  }

  /// The failure of finding something else here; positions are the file's.
  private func unexpected(_ expected: String) -> Failure {
    let found = position < bytes.count ? "\(Character(UnicodeScalar(bytes[position])))" : "its end"
    return Failure(reason: "byte \(8 + position): expected \(expected), found \(found)")
  }
}
