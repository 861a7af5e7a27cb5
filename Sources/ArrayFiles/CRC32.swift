/// The checksum of zip and gzip: CRC-32 of ISO 3309 (polynomial 0xEDB88320, reflected), fed piece by piece.
public struct CRC32: Sendable {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
  }
  private var state: UInt32 = 0xFFFF_FFFF

  /// The checksum of nothing so far.
  public init() {}

  /// Takes the next bytes in. Complexity: one table look-up a byte.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    CRC32.table.withUnsafeBufferPointer { table in
      var value = state
      for byte in bytes { value = table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8 }
      state = value
    }
  }

  /// The checksum of all bytes taken in so far; more may still follow.
  public var value: UInt32 { ~state }
}
