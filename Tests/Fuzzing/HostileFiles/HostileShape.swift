import ArrayFiles

/// A file made to cost a reader more time or memory than it has bytes, where fuzzers, whose files are small, would not
/// notice.
public struct HostileShape: Sendable {
  /// What it is called.
  public let name: String
  /// Makes it; about a megabyte, but for recipes, which may not be as long.
  public let make: @Sendable () -> [UInt8]

  init(_ name: String, _ make: @escaping @Sendable () -> [UInt8]) {
    self.name = name
    self.make = make
  }

  /// A text.
  init(_ name: String, text make: @escaping @Sendable () -> String) {
    self.init(name) { Array(make().utf8) }
  }

  static let size = 1 << 20

  /// `text` so often that it fills a megabyte.
  static func fill(_ text: String) -> String { String(repeating: text, count: size / text.utf8.count) }

  /// The text of each number that fills a megabyte together.
  static func count(_ text: (Int) -> String) -> String {
    var result = ""
    var number = 0
    while result.utf8.count < size {
      result += text(number)
      number += 1
    }
    return result
  }

  /// A DEFLATE stream of a stored `start` and then zeros, 1032 for each of `count` bytes.
  static func bomb(_ start: [UInt8] = [], count: Int) -> [UInt8] {
    let length = UInt16(start.count)
    let stored: [UInt8] = [
      0, UInt8(length & 255), UInt8(length >> 8), UInt8(~length & 255), UInt8(~length >> 8),
    ]
    return stored + start + [237, 193, 1, 13, 0, 0, 0, 194, 160, 247, 79, 109, 15, 7, 20]
      + Array(repeating: 0, count: count) + [252, 24]
  }

  /// A gzip file of a bomb; its checksum is wrong, which would be known only at its end.
  static func gzip(_ start: String) -> [UInt8] {
    [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + bomb(Array(start.utf8), count: size) + Array(repeating: 0, count: 8)
  }

  /// An `.npy` header.
  static func npy(_ descriptor: String, _ shape: String) -> [UInt8] {
    let text = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': \(shape), }\n"
    return [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, UInt8(text.utf8.count), 0] + Array(text.utf8)
  }

  /// A zip of deflated members; the sizes are those that their directory claims.
  static func zip(_ members: [(name: String, bytes: [UInt8], size: Int)]) -> [UInt8] {
    func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
    var bytes: [UInt8] = []
    var directory: [UInt8] = []
    for (name, content, size) in members {
      let common =
        [20, 0, 0, 0, 8, 0, 0, 0, 0, 0] + little(0, 4) + little(content.count, 4) + little(size, 4)
        + little(name.utf8.count, 2) + [0, 0]
      directory += [0x50, 0x4B, 1, 2, 20, 0] + common + Array(repeating: 0, count: 10) + little(bytes.count, 4)
      directory += Array(name.utf8)
      bytes += [0x50, 0x4B, 3, 4] + common + Array(name.utf8) + content
    }
    return bytes + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + little(members.count, 2) + little(members.count, 2)
      + little(directory.count, 4) + little(bytes.count, 4) + [0, 0]
  }
}
