import ArrayFiles

/// The bytes of a file from start to end, decompressed where the file is gzip (RFC 1952), in memory for one piece.
///
/// A gzip file may expand to no more than ``Expansion`` allows.
final class ByteReader {
  let path: String
  /// Bytes of the file read so far.
  private(set) var bytesRead = 0

  private let file: MappedFile
  private let isCompressed: Bool
  private let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 64)
  private var inflate: Inflate?
  private var memberStart = 0
  private var checksum = CRC32()
  private var size = 0
  private var expanded = 0

  init(at path: String) throws {
    self.path = path
    inflate = nil
    file = try DataError.wrap { try MappedFile(at: path) }
    isCompressed = file.count >= 2 && file.bytes[0] == 0x1F && file.bytes[1] == 0x8B
  }

  deinit { piece.deallocate() }

  /// The next bytes, valid until the next call, or nil at the end.
  func next() throws -> UnsafeRawBufferPointer? {
    guard isCompressed else {
      let slice = file.slice(from: bytesRead, count: min(1 << 20, file.count - bytesRead))
      guard let slice, !slice.isEmpty else { return nil }
      bytesRead += slice.count
      return slice
    }
    return try DataError.wrap {
      while true {
        if inflate == nil {
          guard bytesRead < file.count else { return nil }
          try beginMember()
        }
        let count = try inflate!.read(into: piece)
        bytesRead = memberStart + (inflate?.consumed ?? 0)
        guard count == 0 else {
          let part = UnsafeRawBufferPointer(rebasing: piece[..<count])
          checksum.update(part)
          size += count
          expanded += count
          guard expanded <= Expansion.most(of: file.count) else {
            throw DataError.damaged(
              path,
              "it expands to more than \(Expansion.most(of: file.count)) bytes, \(Expansion.ratio) times its size and "
                + "\(Expansion.freeBytes); if that is meant, decompress it first (gunzip)")
          }
          return part
        }
        try endMember()
      }
    }
  }

  private func damaged(_ reason: String) -> DataError { .damaged(path, "the gzip file is damaged: \(reason)") }

  private func beginMember() throws {
    memberStart = try skipHeader()
    guard let rest = file.slice(from: memberStart, count: file.count - memberStart) else {
      throw damaged("it is cut off")
    }
    inflate = Inflate(rest, name: path)
    checksum = CRC32()
    size = 0
  }

  private func endMember() throws {
    inflate = nil
    guard let expected = file.load(UInt32.self, at: bytesRead), let length = file.load(UInt32.self, at: bytesRead + 4)
    else { throw damaged("it is cut off") }
    guard UInt32(littleEndian: expected) == checksum.value,
      UInt32(littleEndian: length) == UInt32(truncatingIfNeeded: size)
    else { throw damaged("its checksum is wrong") }
    bytesRead += 8
  }

  /// Where the compressed data of the member at `bytesRead` begin.
  private func skipHeader() throws -> Int {
    guard let header = file.slice(from: bytesRead, count: 10), header[0] == 0x1F, header[1] == 0x8B, header[2] == 8
    else { throw damaged("a member does not begin as one") }
    let flags = header[3]
    var place = bytesRead + 10
    func skipText() {
      while let byte = file.load(UInt8.self, at: place), byte != 0 { place += 1 }
      place += 1
    }
    if flags & 4 != 0 {
      guard let length = file.load(UInt16.self, at: place) else { throw damaged("it is cut off") }
      place += 2 + Int(UInt16(littleEndian: length))
    }
    if flags & 8 != 0 { skipText() }
    if flags & 16 != 0 { skipText() }
    if flags & 2 != 0 { place += 2 }
    return place
  }
}
