/// CRC-32C (polynomial 0x82F63B78, reflected; Castagnoli et al. 1993, RFC 3720 appendix B.4).
public enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
  }

  /// The checksum of these bytes. Complexity: one table look-up a byte.
  public static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    table.withUnsafeBufferPointer { table in
      ~bytes.reduce(UInt32.max) { value, byte in table[Int(UInt8(truncatingIfNeeded: value) ^ byte)] ^ value >> 8 }
    }
  }

  /// The checksum as TensorFlow's records carry it: rotated and shifted, so that a checksum over data that hold
  /// checksums stays a good one.
  public static func masked(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    let value = checksum(bytes)
    return (value >> 15 | value << 17) &+ 0xA282_EAD8
  }
}
