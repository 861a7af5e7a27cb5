import Glibc

/// Goes through the bytes of one line of JSON (RFC 8259).
struct JSONScanner {
  private let bytes: UnsafeRawBufferPointer
  private var place = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { place == bytes.count }
  /// The byte that comes next; 0 at the end.
  var next: UInt8 { place < bytes.count ? bytes[place] : 0 }

  mutating func skipSpace() {
    while place < bytes.count, bytes[place] == 0x20 || bytes[place] == 0x09 || bytes[place] == 0x0D { place += 1 }
  }

  /// Steps over a byte if it comes next.
  mutating func take(_ byte: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: byte) else { return false }
    place += 1
    return true
  }

  /// What stands between quotation marks.
  struct Text {
    /// With its quotation marks.
    let quoted: UnsafeRawBufferPointer
    let hasEscapes: Bool
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: quoted.dropFirst().dropLast()) }
  }

  /// A text; nil where none comes next, or it does not end.
  mutating func string() -> Text? {
    let start = place
    guard take("\"") else { return nil }
    var hasEscapes = false
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      if byte == UInt8(ascii: "\"") {
        return Text(quoted: UnsafeRawBufferPointer(rebasing: bytes[start..<place]), hasEscapes: hasEscapes)
      }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        place += 1
      }
    }
    return nil
  }

  /// `true` as 1, `false` as 0, `null` as NaN; nil for another word.
  mutating func word() -> Double? {
    for (word, value) in JSONScanner.words where starts(with: word) {
      place += word.utf8CodeUnitCount
      return value
    }
    return nil
  }

  private static let words: [(StaticString, Double)] = [("true", 1), ("false", 0), ("null", .nan)]

  private func starts(with word: StaticString) -> Bool {
    word.utf8CodeUnitCount <= bytes.count - place
      && memcmp(bytes.baseAddress! + place, word.utf8Start, word.utf8CodeUnitCount) == 0
  }

  /// Steps over a list and counts what it holds.
  mutating func skipList(deepest: Int) -> Int? {
    guard deepest > 0, take("[") else { return nil }
    skipSpace()
    if take("]") { return 0 }
    var count = 0
    while true {
      guard skipValue(deepest: deepest - 1) else { return nil }
      count += 1
      skipSpace()
      if take("]") { return count }
      guard take(",") else { return nil }
      skipSpace()
    }
  }

  private mutating func skipValue(deepest: Int) -> Bool {
    switch next {
    case UInt8(ascii: "["): return skipList(deepest: deepest) != nil
    case UInt8(ascii: "\""): return string() != nil
    case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): return word() != nil
    case UInt8(ascii: "{"):
      guard deepest > 0, take("{") else { return false }
      skipSpace()
      if take("}") { return true }
      while true {
        guard string() != nil else { return false }
        skipSpace()
        guard take(":") else { return false }
        skipSpace()
        guard skipValue(deepest: deepest - 1) else { return false }
        skipSpace()
        if take("}") { return true }
        guard take(",") else { return false }
        skipSpace()
      }
    default: return number() != nil
    }
  }

  /// A number, as near as Double comes. One of at most 15 digits and a small power of ten is exact after one operation
  /// (Clinger 1990, "How to read floating point numbers accurately"); others are left to the C library.
  mutating func number() -> Double? {
    let start = place
    let isNegative = take("-")
    var digits: UInt64 = 0
    var (count, power) = (0, 0)
    func digit(_ byte: UInt8) -> UInt64? { byte &- 48 < 10 ? UInt64(byte &- 48) : nil }
    while let d = digit(next) {
      digits = digits &* 10 &+ d
      count += 1
      place += 1
    }
    guard count > 0 else { return nil }
    if take(".") {
      let point = place
      while let d = digit(next) {
        digits = digits &* 10 &+ d
        count += 1
        place += 1
      }
      power = point - place
      guard power < 0 else { return nil }
    }
    if next | 0x20 == UInt8(ascii: "e") {
      place += 1
      let isSmall = take("-")
      if !isSmall { _ = take("+") }
      var exponent = 0
      let first = place
      while let d = digit(next) {
        exponent = min(exponent * 10 + Int(d), 100_000)
        place += 1
      }
      guard place > first else { return nil }
      power += isSmall ? -exponent : exponent
    }
    guard count <= 15, (-22...22).contains(power) else { return slowNumber(start..<place) }
    let ten = JSONScanner.powers[abs(power)]
    let size = power < 0 ? Double(digits) / ten : Double(digits) * ten
    return isNegative ? -size : size
  }

  /// 10⁰ … 10²², each exact.
  private static let powers: [Double] = (1...22).reduce(into: [1]) { powers, _ in powers.append(powers.last! * 10) }

  /// The C library's reading; it stops at the number's end, which a byte behind it makes sure of.
  private func slowNumber(_ range: Range<Int>) -> Double? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: range.count + 1) { text in
      for (to, from) in range.enumerated() { text[to] = CChar(bitPattern: bytes[from]) }
      text[range.count] = 0
      let value = strtod(text.baseAddress!, nil)
      return value.isFinite ? value : .nan
    }
  }
}
