/// Compresses what repeats itself at known distances, such as a picture of few colours: one DEFLATE block with the fixed
/// codes (RFC 1951, 3.2.6).
///
/// No search for other repetitions: whoever calls knows where they are. Complexity: a look at each distance for each byte.
public enum Deflate {
  /// A stream that expands to `bytes`.
  /// - Parameter distances: how far back a repetition may begin, each from 1 to 32768; the first of equals is taken.
  public static func stream(_ bytes: [UInt8], repeatingAt distances: [Int]) -> [UInt8] {
    precondition(distances.allSatisfy { (1...32768).contains($0) }, "\(distances) are not all within DEFLATE's window")
    var writer = BitWriter()
    writer.bits(0b011, 3)  // the last block, fixed codes
    var place = 0
    while place < bytes.count {
      var best = (length: 0, distance: 0)
      for distance in distances where distance <= place {
        var length = 0
        while length < 258, place + length < bytes.count, bytes[place + length] == bytes[place + length - distance] {
          length += 1
        }
        if length > best.length { best = (length, distance) }
      }
      if best.length >= 3 {
        writer.length(best.length)
        writer.distance(best.distance)
        place += best.length
      } else {
        writer.symbol(Int(bytes[place]))
        place += 1
      }
    }
    writer.symbol(256)
    return writer.finish()
  }

  /// Bits from the least significant of each byte on.
  private struct BitWriter {
    private var bytes: [UInt8] = []
    private var rest: UInt64 = 0
    private var count = 0

    mutating func bits(_ value: Int, _ width: Int) {
      rest |= UInt64(value) << UInt64(count)
      count += width
      while count >= 8 {
        bytes.append(UInt8(truncatingIfNeeded: rest))
        rest >>= 8
        count -= 8
      }
    }

    /// A Huffman code, whose most significant bit comes first.
    private mutating func code(_ value: Int, _ width: Int) {
      bits((0..<width).reduce(0) { $0 | (value >> $1 & 1) << (width - 1 - $1) }, width)
    }

    /// A literal, the end (256), or a length's symbol.
    mutating func symbol(_ symbol: Int) {
      switch symbol {
      case ..<144: code(0b0011_0000 + symbol, 8)
      case ..<256: code(0b1_1001_0000 + symbol - 144, 9)
      case ..<280: code(symbol - 256, 7)
      default: code(0b1100_0000 + symbol - 280, 8)
      }
    }

    /// A length from 3 to 258: four symbols for each number of extra bits, and one of its own for the greatest.
    mutating func length(_ length: Int) {
      guard length < 258 else { return symbol(285) }
      let offset = length - 3
      guard offset >= 8 else { return symbol(257 + offset) }
      let extra = Int.bitWidth - 1 - offset.leadingZeroBitCount - 2
      symbol(257 + 4 * extra + offset >> extra)
      bits(offset & (1 << extra - 1), extra)
    }

    /// A distance from 1 to 32768: two symbols for each number of extra bits.
    mutating func distance(_ distance: Int) {
      let offset = distance - 1
      guard offset >= 4 else { return code(offset, 5) }
      let extra = Int.bitWidth - 1 - offset.leadingZeroBitCount - 1
      code(2 * extra + offset >> extra, 5)
      bits(offset & (1 << extra - 1), extra)
    }

    consuming func finish() -> [UInt8] {
      if count > 0 { bytes.append(UInt8(truncatingIfNeeded: rest)) }
      return bytes
    }
  }
}
