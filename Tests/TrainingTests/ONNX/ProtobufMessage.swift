/// The fields of a protocol buffer message, read as protobuf.dev, "Encoding", describes them.
struct ProtobufMessage {
  /// What a field holds.
  enum Content: Equatable {
    case integer(Int)
    case bytes(ArraySlice<UInt8>)
    case float(Float)
  }

  /// All fields in their order.
  let fields: [(number: Int, content: Content)]

  /// The message in these bytes; nil where they are none.
  init?(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    var fields: [(Int, Content)] = []
    while !rest.isEmpty {
      guard let tag = Self.integer(&rest) else { return nil }
      switch tag & 7 {
      case 0:
        guard let value = Self.integer(&rest) else { return nil }
        fields.append((tag >> 3, .integer(value)))
      case 2:
        guard let count = Self.integer(&rest), count >= 0, count <= rest.count else { return nil }
        fields.append((tag >> 3, .bytes(rest.prefix(count))))
        rest = rest.dropFirst(count)
      case 5:
        guard rest.count >= 4 else { return nil }
        let pattern = rest.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        fields.append((tag >> 3, .float(Float(bitPattern: pattern))))
        rest = rest.dropFirst(4)
      default: return nil
      }
    }
    self.fields = fields
  }

  private static func integer(_ rest: inout ArraySlice<UInt8>) -> Int? {
    var value: UInt64 = 0
    for place in 0..<10 {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7f) << (7 * UInt64(place))
      if byte < 0x80 { return Int(truncatingIfNeeded: value) }
    }
    return nil
  }

  /// The integers of a field.
  func integers(_ number: Int) -> [Int] {
    fields.compactMap { if $0.number == number, case .integer(let value) = $0.content { value } else { nil } }
  }

  /// The bytes of a field, each time that it stands there.
  func bytes(_ number: Int) -> [ArraySlice<UInt8>] {
    fields.compactMap { if $0.number == number, case .bytes(let value) = $0.content { value } else { nil } }
  }

  /// The texts of a field.
  func texts(_ number: Int) -> [String] { bytes(number).map { String(decoding: $0, as: UTF8.self) } }

  /// The messages of a field.
  func messages(_ number: Int) -> [ProtobufMessage] { bytes(number).compactMap { ProtobufMessage($0) } }
}
