/// A Huffman code of DEFLATE as one look-up table over as many bits as its longest code has, 15 at most.
struct HuffmanTable {
  /// `symbol << 4 | length` for each reading of the next bits; 0 where they stand for nothing.
  let entries: [UInt16]
  let mask: Int

  static let empty = HuffmanTable(entries: [0], mask: 0)
  static let fixedLiterals = HuffmanTable((0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })!
  static let fixedDistances = HuffmanTable([UInt8](repeating: 5, count: 30) + [5, 5])!
  static let lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
  static let lengthBases = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
  ]
  static let lengthBits = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
  static let distanceBases = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
    8193, 12289, 16385, 24577,
  ]
  static let distanceBits = [
    0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
  ]

  private init(entries: [UInt16], mask: Int) {
    (self.entries, self.mask) = (entries, mask)
  }

  /// The canonical code of these lengths, each at most 15; nil where they are more than a code can have, or fewer (but
  /// for a single code, and none, which RFC 1951 permits).
  init?(_ lengths: [UInt8]) {
    let longest = Int(lengths.max() ?? 0)
    var counts = [Int](repeating: 0, count: 16)
    for length in lengths where length > 0 { counts[Int(length)] += 1 }
    guard longest > 0 else {
      self = .empty
      return
    }
    var next = [Int](repeating: 0, count: 17)
    var used = 0
    for length in 1...longest {
      next[length] = used >> (15 - length)
      used += counts[length] << (15 - length)
      guard used <= 1 << 15 else { return nil }
    }
    guard used == 1 << 15 || counts.reduce(0, +) == 1 else { return nil }
    var entries = [UInt16](repeating: 0, count: 1 << longest)
    for (symbol, length) in lengths.enumerated() where length > 0 {
      var code = next[Int(length)]
      next[Int(length)] += 1
      var reversed = 0
      for _ in 0..<length {
        reversed = reversed << 1 | code & 1
        code >>= 1
      }
      for place in stride(from: reversed, to: 1 << longest, by: 1 << Int(length)) {
        entries[place] = UInt16(symbol << 4 | Int(length))
      }
    }
    self.entries = entries
    mask = (1 << longest) - 1
  }
}
