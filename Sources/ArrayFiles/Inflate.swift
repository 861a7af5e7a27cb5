/// Decompresses one DEFLATE stream (RFC 1951) piece by piece, with a window of fixed size: what a stream claims or how
/// far it expands costs no memory.
public struct Inflate: ~Copyable {
  private enum Block { case none, stored(left: Int), compressed, ended }

  private static let ringSize = 1 << 17
  private static let ringMask = ringSize - 1
  /// Undelivered bytes beyond which decoding pauses; with the window of 2^15 and one match they fit the ring.
  private static let pause = 1 << 16

  private let input: UnsafeRawBufferPointer
  private let name: String
  private let ring = UnsafeMutablePointer<UInt8>.allocate(capacity: ringSize)
  private var position = 0
  private var bits: UInt64 = 0
  private var bitCount = 0
  private var produced = 0
  private var delivered = 0
  private var block = Block.none
  private var isLast = false
  private var literals = HuffmanTable.empty
  private var distances = HuffmanTable.empty

  /// Reads a stream that begins at the first byte of `input`, which must outlive this value; `name` is used in errors.
  public init(_ input: UnsafeRawBufferPointer, name: String) {
    self.input = input
    self.name = name
  }

  deinit { ring.deallocate() }

  /// The number of input bytes used so far; after the end, the place of what follows the stream.
  public var consumed: Int { position - bitCount / 8 }

  /// Writes the next bytes into `output` and returns how many; 0 at the stream's end.
  ///
  /// Throws `FileError.damaged` where the stream is damaged or cut off.
  public mutating func read(into output: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var count = 0
    while count < output.count {
      if produced == delivered {
        try decode()
        if produced == delivered { break }
      }
      let start = delivered & Inflate.ringMask
      let piece = min(produced - delivered, output.count - count, Inflate.ringSize - start)
      (output.baseAddress! + count).copyMemory(from: ring + start, byteCount: piece)
      delivered += piece
      count += piece
    }
    return count
  }

  private func damaged(_ reason: String) -> FileError {
    .damaged(path: name, reason: "the compressed data are damaged (\(reason))")
  }

  private mutating func refill() {
    while bitCount <= 56, position < input.count {
      bits |= UInt64(input[position]) << UInt64(bitCount)
      position += 1
      bitCount += 8
    }
  }

  private mutating func take(_ count: Int) throws(FileError) -> Int {
    if bitCount < count {
      refill()
      guard bitCount >= count else { throw damaged("they end too early") }
    }
    let value = Int(bits & (1 << UInt64(count) - 1))
    bits >>= UInt64(count)
    bitCount -= count
    return value
  }

  private mutating func symbol(_ table: borrowing HuffmanTable) throws(FileError) -> Int {
    if bitCount < 15 { refill() }
    let entry = table.entries[Int(truncatingIfNeeded: bits) & table.mask]
    let length = Int(entry & 15)
    guard length > 0 else { throw damaged("a code that stands for nothing") }
    guard length <= bitCount else { throw damaged("they end too early") }
    bits >>= UInt64(length)
    bitCount -= length
    return Int(entry >> 4)
  }

  /// Decodes until enough is there to deliver, or the stream ends.
  private mutating func decode() throws(FileError) {
    while produced - delivered < Inflate.pause {
      switch block {
      case .ended: return
      case .none:
        if isLast {
          block = .ended
        } else {
          try beginBlock()
        }
      case .stored(let left): try copyStored(left)
      case .compressed: try decodeCompressed()
      }
    }
  }

  private mutating func beginBlock() throws(FileError) {
    isLast = try take(1) == 1
    switch try take(2) {
    case 0:
      _ = try take(bitCount % 8)
      let length = try take(16)
      guard try take(16) == ~length & 0xFFFF else { throw damaged("a stored block of uncertain length") }
      block = .stored(left: length)
    case 1:
      (literals, distances) = (HuffmanTable.fixedLiterals, HuffmanTable.fixedDistances)
      block = .compressed
    case 2:
      try readTables()
      block = .compressed
    default: throw damaged("a block of unknown kind")
    }
  }

  private mutating func copyStored(_ length: Int) throws(FileError) {
    var left = length
    while left > 0, produced - delivered < Inflate.pause {
      ring[produced & Inflate.ringMask] = UInt8(try take(8))
      produced += 1
      left -= 1
    }
    block = left > 0 ? .stored(left: left) : .none
  }

  private mutating func readTables() throws(FileError) {
    let literalCount = try take(5) + 257
    let distanceCount = try take(5) + 1
    let lengthCount = try take(4) + 4
    var codeLengths = [UInt8](repeating: 0, count: 19)
    for index in 0..<lengthCount { codeLengths[HuffmanTable.lengthOrder[index]] = UInt8(try take(3)) }
    guard let table = HuffmanTable(codeLengths) else { throw damaged("an impossible code of lengths") }
    var lengths: [UInt8] = []
    while lengths.count < literalCount + distanceCount {
      let code = try symbol(table)
      switch code {
      case 0...15: lengths.append(UInt8(code))
      case 16:
        guard let last = lengths.last else { throw damaged("a repetition of nothing") }
        lengths += Array(repeating: last, count: try take(2) + 3)
      case 17: lengths += Array(repeating: 0, count: try take(3) + 3)
      default: lengths += Array(repeating: 0, count: try take(7) + 11)
      }
    }
    guard lengths.count == literalCount + distanceCount, lengths[256] > 0,
      let literals = HuffmanTable(Array(lengths[..<literalCount])),
      let distances = HuffmanTable(Array(lengths[literalCount...]))
    else { throw damaged("an impossible code") }
    (self.literals, self.distances) = (literals, distances)
  }

  private mutating func decodeCompressed() throws(FileError) {
    while produced - delivered < Inflate.pause {
      let code = try symbol(literals)
      if code < 256 {
        ring[produced & Inflate.ringMask] = UInt8(code)
        produced += 1
        continue
      }
      if code == 256 {
        block = .none
        return
      }
      guard code - 257 < HuffmanTable.lengthBases.count else { throw damaged("a length that does not exist") }
      let length = HuffmanTable.lengthBases[code - 257] + (try take(HuffmanTable.lengthBits[code - 257]))
      let distanceCode = try symbol(distances)
      guard distanceCode < HuffmanTable.distanceBases.count else { throw damaged("a distance that does not exist") }
      let distance =
        HuffmanTable.distanceBases[distanceCode] + (try take(HuffmanTable.distanceBits[distanceCode]))
      guard distance <= produced else { throw damaged("a reference to before the start") }
      for _ in 0..<length {
        ring[produced & Inflate.ringMask] = ring[(produced - distance) & Inflate.ringMask]
        produced += 1
      }
    }
  }
}
