/// Reads the central directory of a zip (PKWARE's APPNOTE 6.3, parts 4.3.12 to 4.3.16), with its 64-bit extension.
struct ZipDirectoryReader {
  private let file: MappedFile
  private let limits: NPZFile.Limits
  private var position = 0

  init(file: MappedFile, limits: NPZFile.Limits) {
    self.file = file
    self.limits = limits
  }

  private func damaged(_ reason: String) -> FileError { .damaged(path: file.path, reason: reason) }

  private func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, _ offset: Int) throws(FileError) -> Int {
    guard let value = file.load(type, at: offset) else { throw damaged("the archive is cut off") }
    guard let number = Int(exactly: T(littleEndian: value)) else { throw damaged("a number is too large") }
    return number
  }

  /// The members that are `.npy` files.
  mutating func read() throws(FileError) -> ([String], [String: NPZFile.Member]) {
    let end = try findEnd()
    var (count, start) = (try load(UInt16.self, end + 10), try load(UInt32.self, end + 16))
    if count == 0xFFFF || start == 0xFFFF_FFFF {
      let locator = end - 20
      guard locator >= 0, try load(UInt32.self, locator) == 0x0706_4B50 else {
        throw damaged("the 64-bit directory is missing")
      }
      let record = try load(UInt64.self, locator + 8)
      guard try load(UInt32.self, record) == 0x0606_4B50 else { throw damaged("the 64-bit directory is damaged") }
      (count, start) = (try load(UInt64.self, record + 32), try load(UInt64.self, record + 48))
    }
    guard count <= limits.members else {
      throw damaged("it claims \(count) members; the most that are read is \(limits.members)")
    }
    position = start
    var names: [String] = []
    var members: [String: NPZFile.Member] = [:]
    for _ in 0..<count {
      let (name, member) = try readEntry()
      guard name.hasSuffix(".npy") else { continue }
      let short = String(name.dropLast(4))
      guard members.updateValue(member, forKey: short) == nil else { throw damaged("two members are named \(name)") }
      names.append(short)
    }
    let most = Expansion.most(of: file.count)
    var expanded = 0
    for member in members.values where member.isDeflated {
      guard member.size <= most - expanded else {
        throw damaged(
          "its members expand to more than \(most) bytes, \(Expansion.ratio) times its size and "
            + "\(Expansion.freeBytes); if that is meant, save it uncompressed (numpy.savez)")
      }
      expanded += member.size
    }
    var previous = 0
    for range in members.values.map(\.range).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      guard range.lowerBound >= previous else { throw damaged("two members share bytes") }
      previous = range.upperBound
    }
    return (names, members)
  }

  /// The place of the end record, which a comment of up to 65,535 bytes may follow.
  private func findEnd() throws(FileError) -> Int {
    var place = file.count - 22
    let first = max(0, place - 65_535)
    while place >= first {
      if file.load(UInt32.self, at: place) == UInt32(0x0605_4B50).littleEndian { return place }
      place -= 1
    }
    throw damaged("not an .npz file: the directory of a zip was not found; it may be cut off")
  }

  private mutating func readEntry() throws(FileError) -> (String, NPZFile.Member) {
    let entry = position
    guard try load(UInt32.self, entry) == 0x0201_4B50 else { throw damaged("the directory is damaged") }
    let flags = try load(UInt16.self, entry + 8)
    let method = try load(UInt16.self, entry + 10)
    let checksum = UInt32(try load(UInt32.self, entry + 16))
    var compressed = try load(UInt32.self, entry + 20)
    var size = try load(UInt32.self, entry + 24)
    let nameLength = try load(UInt16.self, entry + 28)
    let extraLength = try load(UInt16.self, entry + 30)
    let commentLength = try load(UInt16.self, entry + 32)
    var local = try load(UInt32.self, entry + 42)
    guard nameLength <= limits.nameBytes, let nameBytes = file.slice(from: entry + 46, count: nameLength) else {
      throw damaged("a member's name of \(nameLength) bytes is cut off or longer than \(limits.nameBytes)")
    }
    guard let name = String(validating: nameBytes, as: UTF8.self), !name.isEmpty,
      !name.utf8.contains(where: { $0 == 0 || $0 == 0x2F || $0 == 0x5C }), name != ".."
    else { throw damaged("a member has a name that is no plain file name") }
    try readExtra(at: entry + 46 + nameLength, extraLength, size: &size, compressed: &compressed, local: &local)
    position = entry + 46 + nameLength + extraLength + commentLength

    func wrong(_ reason: String) -> FileError { damaged("member \(name): \(reason)") }
    guard flags & 1 == 0 else { throw wrong("it is encrypted") }
    guard method == 0 || method == 8 else { throw wrong("its compression \(method) is not known; use numpy.savez") }
    guard method == 8 || size == compressed else { throw wrong("its sizes \(size) and \(compressed) differ") }
    guard size / limits.ratio <= compressed else {
      throw wrong("\(compressed) bytes claim to expand to \(size), more than \(limits.ratio) times")
    }
    guard try load(UInt32.self, local) == 0x0403_4B50 else { throw wrong("its local header is missing") }
    let start = local + 30 + (try load(UInt16.self, local + 26)) + (try load(UInt16.self, local + 28))
    guard file.slice(from: start, count: compressed) != nil else { throw wrong("its data are cut off") }
    return (
      name,
      NPZFile.Member(
        isDeflated: method == 8, checksum: checksum, range: start..<start + compressed, size: size)
    )
  }

  /// The 64-bit sizes of an extra field, for each 32-bit one that is all ones.
  private func readExtra(
    at start: Int, _ length: Int, size: inout Int, compressed: inout Int, local: inout Int
  ) throws(FileError) {
    var place = start
    while place + 4 <= start + length {
      let (kind, count) = (try load(UInt16.self, place), try load(UInt16.self, place + 2))
      if kind == 1 {
        var field = place + 4
        func next(_ value: inout Int) throws(FileError) {
          guard value == 0xFFFF_FFFF else { return }
          guard field + 8 <= place + 4 + count else { throw damaged("a 64-bit size is missing") }
          value = try load(UInt64.self, field)
          field += 8
        }
        try next(&size)
        try next(&compressed)
        try next(&local)
      }
      place += 4 + count
    }
  }
}
