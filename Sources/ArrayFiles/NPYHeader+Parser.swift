/// Reads the Python dictionary of an `.npy` header, exactly the three keys that NumPy writes, in any order.
struct NPYDictionaryParser {
  struct Fields {
    var descriptor: String
    var fortranOrder: Bool
    var shape: [Int]
  }

  private let text: [UInt8]
  /// Where reading stands, or stopped.
  private(set) var position = 0

  init(text: [UInt8]) { self.text = text }

  /// The fields, or nil where the text is anything else.
  mutating func parse() -> Fields? {
    var descriptor: String?
    var fortranOrder: Bool?
    var shape: [Int]?
    guard take("{") else { return nil }
    while !take("}") {
      guard let key = string(), take(":") else { return nil }
      switch key {
      case "descr" where descriptor == nil: descriptor = string()
      case "fortran_order" where fortranOrder == nil: fortranOrder = boolean()
      case "shape" where shape == nil: shape = tuple()
      default: return nil
      }
      if !take(",") {
        guard take("}") else { return nil }
        break
      }
    }
    skipSpace()
    guard position == text.count, let descriptor, let fortranOrder, let shape else { return nil }
    return Fields(descriptor: descriptor, fortranOrder: fortranOrder, shape: shape)
  }

  private mutating func skipSpace() {
    while position < text.count, [0x20, 0x0A, 0x0D, 0x09].contains(text[position]) { position += 1 }
  }

  private mutating func take(_ token: StaticString) -> Bool {
    skipSpace()
    let length = token.utf8CodeUnitCount
    guard text.count - position >= length else { return false }
    let matches = token.withUTF8Buffer { $0.elementsEqual(text[position..<position + length]) }
    if matches { position += length }
    return matches
  }

  private mutating func string() -> String? {
    skipSpace()
    guard position < text.count, text[position] == 0x27 || text[position] == 0x22 else { return nil }
    let quote = text[position]
    guard let end = text[(position + 1)...].firstIndex(of: quote), end - position <= 64 else { return nil }
    let content = text[position + 1..<end]
    guard content.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != 0x5C }) else { return nil }
    position = end + 1
    return String(decoding: content, as: UTF8.self)
  }

  private mutating func boolean() -> Bool? {
    if take("True") { return true }
    return take("False") ? false : nil
  }

  private mutating func tuple() -> [Int]? {
    guard take("(") else { return nil }
    var extents: [Int] = []
    while !take(")") {
      guard extents.count < NPYHeader.mostExtents, let extent = integer() else { return nil }
      extents.append(extent)
      if !take(",") {
        guard take(")") else { return nil }
        break
      }
    }
    return extents
  }

  private mutating func integer() -> Int? {
    skipSpace()
    let start = position
    var value = 0
    while position < text.count, (0x30...0x39).contains(text[position]) {
      let (tens, overflowTens) = value.multipliedReportingOverflow(by: 10)
      let (next, overflowNext) = tens.addingReportingOverflow(Int(text[position] - 0x30))
      guard !overflowTens, !overflowNext else { return nil }
      value = next
      position += 1
    }
    return position > start ? value : nil
  }
}
