/// A picture as PNG (ISO/IEC 15948): red, green and blue, eight bits each.
///
/// Made for drawings of few colours, which shrink to a hundredth; a photograph would not.
public struct PNGImage: Sendable, Equatable {
  /// Its size in pixels.
  public let width, height: Int
  /// The file.
  public let bytes: [UInt8]

  /// A picture of pixels `[height, width, 3]`.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == 3 * width * height, "\(pixels.count) bytes are no picture")
    (self.width, self.height) = (width, height)
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    // Eight bits of a channel, colour without a palette, no interlacing.
    PNGImage.append("IHDR", PNGImage.bigEndian(width) + PNGImage.bigEndian(height) + [8, 2, 0, 0, 0], to: &file)
    // Each row begins with its filter: none.
    let row = 3 * width
    var rows: [UInt8] = []
    rows.reserveCapacity(height * (row + 1))
    for start in stride(from: 0, to: pixels.count, by: row) {
      rows.append(0)
      rows += pixels[start..<start + row]
    }
    // The stream of RFC 1950: repetitions are of the last pixel and of the row above.
    let distances = [3] + (row + 1 <= 32768 ? [row + 1] : [])
    let stream = [0x78, 0x01] + Deflate.stream(rows, repeatingAt: distances) + PNGImage.bigEndian(Int(adler32(rows)))
    PNGImage.append("IDAT", stream, to: &file)
    PNGImage.append("IEND", [], to: &file)
    bytes = file
  }

  /// A chunk: length, type, content, checksum of type and content.
  private static func append(_ type: String, _ content: [UInt8], to file: inout [UInt8]) {
    let checked = Array(type.utf8) + content
    var checksum = CRC32()
    checked.withUnsafeBytes { checksum.update($0) }
    file += bigEndian(content.count) + checked + bigEndian(Int(checksum.value))
  }

  private static func bigEndian(_ value: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
  }
}

/// The checksum of zlib streams (RFC 1950).
private func adler32(_ bytes: [UInt8]) -> UInt32 {
  var (a, b) = (UInt32(1), UInt32(0))
  for byte in bytes {
    a = (a + UInt32(byte)) % 65521
    b = (b + a) % 65521
  }
  return b << 16 | a
}
