/// Reads decimal numbers as the nearest Double, the same on every machine.
enum NumberParser {
  /// The longest text that is read as a number.
  static let longest = 1024

  /// The number that begins at `position`, which moves behind it; nil, and no move, where there is none or it is too
  /// long.
  ///
  /// A sign, digits with or without a point, an exponent; neither spaces nor names such as `nan` are numbers.
  static func double(_ text: UnsafeBufferPointer<UInt8>, at position: inout Int) -> Double? {
    let start = position
    var index = start
    let end = min(text.count, start + longest)
    var isNegative = false
    if index < end, text[index] == 0x2D || text[index] == 0x2B {
      isNegative = text[index] == 0x2D
      index += 1
    }
    var mantissa: UInt64 = 0
    var digits = 0
    var significant = 0
    var exponent = 0
    var isFraction = false
    while index < end {
      let byte = text[index]
      if byte == 0x2E, !isFraction {
        isFraction = true
      } else if byte >= 0x30, byte <= 0x39 {
        digits += 1
        if significant < 19 {
          mantissa = mantissa &* 10 &+ UInt64(byte &- 0x30)
          if mantissa > 0 { significant += 1 }
          if isFraction { exponent -= 1 }
        } else {
          significant += 1
          if !isFraction { exponent += 1 }
        }
      } else {
        break
      }
      index += 1
    }
    guard digits > 0 else { return nil }
    if index < end, text[index] | 0x20 == 0x65 {
      guard let power = self.exponent(text, at: &index, end: end) else { return nil }
      exponent += power
    }
    guard index < start + longest else { return nil }
    position = index
    // Both factors are exact, so that one rounding is all there is (Clinger 1990).
    if significant <= 19, mantissa < 1 << 53, abs(exponent) <= 22 {
      let magnitude =
        exponent < 0 ? Double(mantissa) / powers[-exponent] : Double(mantissa) * powers[exponent]
      return isNegative ? -magnitude : magnitude
    }
    return Double(String(decoding: text[start..<index], as: UTF8.self))
  }

  private static func exponent(_ text: UnsafeBufferPointer<UInt8>, at index: inout Int, end: Int) -> Int? {
    var place = index + 1
    var isNegative = false
    if place < end, text[place] == 0x2D || text[place] == 0x2B {
      isNegative = text[place] == 0x2D
      place += 1
    }
    let first = place
    var value = 0
    while place < end, text[place] >= 0x30, text[place] <= 0x39 {
      value = min(value * 10 + Int(text[place] - 0x30), 1_000_000)
      place += 1
    }
    guard place > first else { return nil }
    index = place
    return isNegative ? -value : value
  }

  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]

  /// The number that the whole of `text` is, spaces around it aside, or nil.
  static func double(whole text: some Sequence<UInt8>) -> Double? {
    let trimmed = trim(Array(text))
    return trimmed.withUnsafeBufferPointer { buffer in
      var position = 0
      guard let value = double(buffer, at: &position), position == buffer.count else { return nil }
      return value
    }
  }

  /// `text` without spaces and tabs at its ends.
  static func trim(_ text: [UInt8]) -> ArraySlice<UInt8> {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    guard let first = text.firstIndex(where: { !isSpace($0) }),
      let last = text.lastIndex(where: { !isSpace($0) })
    else { return [] }
    return text[first...last]
  }

  /// A text for an error: cut short, and in quotes.
  static func quote(_ text: some Sequence<UInt8>) -> String {
    let start = Array(text.prefix(41))
    return "\"" + String(decoding: start.prefix(40), as: UTF8.self) + (start.count > 40 ? "…" : "") + "\""
  }
}
