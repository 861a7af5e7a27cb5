/// The header of a safetensors file: what it says, checked against the file's size.
struct SafetensorsHeader {
  /// The reference implementation's bound for the header.
  static let largestHeader = 100_000_000
  static let largestCount = 100_000
  static let longestName = 4096
  static let highestRank = 32

  let metadata: [String: String]
  let entries: [SafetensorsFile.Entry]

  /// Reads the header of an open file of `size` bytes.
  static func read(_ descriptor: Int32, size: Int, path: String) throws(FileError) -> SafetensorsHeader {
    func damaged(_ reason: String) -> FileError { .damaged(path: path, reason: reason) }
    guard size >= 8 else {
      throw damaged("holds \(size) bytes; a safetensors file begins with 8 for its header's length")
    }
    let prefix = try AtomicFile.read(8, at: 0, of: descriptor, path: path)
    let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard PlantedDefect.isHere || length <= UInt64(largestHeader) else {
      throw damaged("its header would be \(length) bytes long; the most is \(largestHeader)")
    }
    let end = 8 + Int(length)
    guard end <= size else {
      throw damaged("its header would end at byte \(end), but the file holds \(size)")
    }
    let header = try AtomicFile.read(Int(length), at: 8, of: descriptor, path: path)
    do {
      var parser = SafetensorsHeaderParser(header)
      let (metadata, items) = try parser.parse()
      return SafetensorsHeader(metadata: metadata, entries: try place(items, from: end, to: size))
    } catch {
      throw damaged("header: \(error.reason)")
    }
  }

  /// Orders the tensors by their bytes and checks that they fill the file from `start` to `end`.
  private static func place(
    _ items: [SafetensorsHeaderParser.Item], from start: Int, to end: Int
  ) throws(SafetensorsHeaderParser.Failure) -> [SafetensorsFile.Entry] {
    var entries: [SafetensorsFile.Entry] = []
    var next = 0
    for item in items.sorted(by: { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }) {
      func failure(_ reason: String) -> SafetensorsHeaderParser.Failure {
        .init(reason: "tensor \(item.name): \(reason)")
      }
      guard let type = SafetensorsFile.ElementType(rawValue: item.type) else {
        let known = SafetensorsFile.ElementType.allCases.map(\.rawValue).joined(separator: ", ")
        throw failure("its type is \(item.type); known are \(known)")
      }
      var size = type.size
      for extent in item.shape {
        let (product, overflow) = size.multipliedReportingOverflow(by: extent)
        guard !overflow else { throw failure("its shape \(item.shape) has more bytes than can be counted") }
        size = product
      }
      guard item.end >= item.begin else { throw failure("its bytes end at \(item.end), before they begin") }
      guard item.end - item.begin == size else {
        throw failure(
          "shape \(item.shape) of \(item.type) needs \(size) bytes, its offsets give \(item.end - item.begin)")
      }
      guard item.begin == next else {
        throw failure(
          "its bytes begin at \(item.begin), those before end at \(next): \(item.begin < next ? "an overlap" : "a hole")"
        )
      }
      guard item.end <= end - start else {
        throw failure("its bytes end at \(item.end), but the file holds \(end - start) after the header")
      }
      next = item.end
      entries.append(
        .init(name: item.name, type: type, shape: item.shape, bytes: start + item.begin..<start + item.end))
    }
    guard next == end - start else {
      throw .init(reason: "the tensors end at byte \(next), but the file holds \(end - start) after the header")
    }
    return entries
  }
}
