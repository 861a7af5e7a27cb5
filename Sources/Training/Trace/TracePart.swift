import ArrayFiles

/// What a rank has written of a trace, line by line; the end may be missing.
struct TracePart {
  /// An event of which the times are known, and the rest is text.
  struct Line {
    /// When it began, and how long it took where that is told; nanoseconds of the rank's clock.
    var start: Int64
    var duration: Int64?
    /// What follows the times, up to the closing brace.
    var rest: ArraySlice<UInt8>
    /// The number of the call that all ranks made, where it is one.
    var collective: Int?
  }

  /// The rank.
  let rank: Int
  /// Lines about the rank and its threads.
  private(set) var head: [ArraySlice<UInt8>] = []
  /// Its events, in the order in which they were written.
  private(set) var lines: [Line] = []
  /// What its clock showed beside rank 0's, ascending.
  private(set) var clocks: [RankClock] = []
  /// Steps in it.
  private(set) var steps = 0
  /// Whether it has reached its limit.
  private(set) var isCut = false

  /// Reads a part.
  ///
  /// A last line without its end was cut by whatever ended the job, and is passed over.
  /// - Throws: `FileError.damaged` where a line is none that was written here.
  init(_ bytes: [UInt8], rank: Int, path: String) throws(FileError) {
    self.rank = rank
    let end = bytes.lastIndex(of: UInt8(ascii: "\n")) ?? 0
    for (index, row) in bytes[..<end].split(separator: UInt8(ascii: "\n")).enumerated()
    where !row.elementsEqual("[".utf8) {
      guard let line = TracePart.body(of: row) else {
        throw .damaged(path: path, reason: "line \(index + 1) is no event of a trace")
      }
      if TracePart.isHead(line) { head.append(line) } else { add(line) }
    }
    clocks = RankClock.sharpened(clocks)
  }

  private mutating func add(_ row: ArraySlice<UInt8>) {
    guard var line = Line(row) else { return }
    if let ahead = TracePart.number(after: "\"aheadNanoseconds\":", in: row),
      let uncertainty = TracePart.number(after: "\"uncertaintyNanoseconds\":", in: row)
    {
      clocks.append(RankClock(at: line.start, ahead: Int64(ahead), uncertainty: Int64(uncertainty)))
    }
    if TracePart.place(of: "\"cat\":\"step\"", in: row) != nil { steps += 1 }
    if TracePart.place(of: "\"cat\":\"trace\"", in: row) != nil { isCut = true }
    line.collective = TracePart.number(after: "\"collective\":", in: row)
    lines.append(line)
  }

  /// A line without the comma behind it; none where it is not whole.
  private static func body(of row: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let body = row.dropLast()
    guard row.last == UInt8(ascii: ","), body.last == UInt8(ascii: "}") else { return nil }
    return isHead(body) || Line(body) != nil ? body : nil
  }

  private static func isHead(_ row: ArraySlice<UInt8>) -> Bool { row.starts(with: "{\"ph\":\"M\",".utf8) }

  /// The whole number that stands behind a key.
  private static func number(after key: StaticString, in row: ArraySlice<UInt8>) -> Int? {
    guard let end = place(of: key, in: row) else { return nil }
    let digits = row[end...].prefix { (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
    return Int(String(decoding: digits, as: UTF8.self))
  }

  /// Where a key ends, the last time that it occurs.
  private static func place(of key: StaticString, in row: ArraySlice<UInt8>) -> Int? {
    let key = UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
    return row.withUnsafeBufferPointer { text -> Int? in
      var start = text.count - key.count
      while start >= 0 {
        if text[start] == key[0], (1..<key.count).allSatisfy({ text[start + $0] == key[$0] }) {
          return row.startIndex + start + key.count
        }
        start -= 1
      }
      return nil
    }
  }
}

extension TracePart.Line {
  /// Reads `{"ts":12.345,"dur":6.789,…}`.
  fileprivate init?(_ row: ArraySlice<UInt8>) {
    var rest = row
    guard let start = Self.nanoseconds(after: "{\"ts\":", in: &rest) else { return nil }
    self.start = start
    duration = Self.nanoseconds(after: ",\"dur\":", in: &rest)
    guard rest.first == UInt8(ascii: ",") else { return nil }
    self.rest = rest
  }

  /// Takes a key and the microseconds behind it from the beginning of a text.
  private static func nanoseconds(after key: String, in text: inout ArraySlice<UInt8>) -> Int64? {
    guard text.starts(with: key.utf8) else { return nil }
    let value = text.dropFirst(key.utf8.count)
    let whole = value.prefix { (0x30...0x39).contains($0) }
    let fraction = value[whole.endIndex...].dropFirst().prefix { (0x30...0x39).contains($0) }
    guard !whole.isEmpty, whole.count < 16, fraction.count == 3 else { return nil }
    text = value[fraction.endIndex...]
    return (whole + fraction).reduce(0) { $0 * 10 + Int64($1 - 0x30) }
  }
}
