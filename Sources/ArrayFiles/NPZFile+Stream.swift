/// The elements of one array of an archive, read from start to end; its checksum is verified at the end.
public final class NPZStream {
  /// Type and shape.
  public let header: NPYHeader
  /// What the array is called in errors.
  public let name: String
  /// The bytes of the `.npy` header.
  let headerBytes: [UInt8]

  private let archive: NPZFile
  private let member: NPZFile.Member
  private var inflate: Inflate?
  private var storedPosition: Int
  private var checksum = CRC32()
  private var left: Int

  init(archive: NPZFile, member: NPZFile.Member, name: String) throws(FileError) {
    self.archive = archive
    self.member = member
    self.name = name
    storedPosition = member.range.lowerBound
    left = member.size
    if member.isDeflated {
      inflate = Inflate(UnsafeRawBufferPointer(rebasing: archive.file.bytes[member.range]), name: name)
    } else {
      inflate = nil
    }
    var start = [UInt8](repeating: 0, count: min(member.size, 12))
    guard try NPZStream.fill(&start, &inflate, &storedPosition, archive, member) == start.count, start.count >= 10
    else { throw .damaged(path: name, reason: "the member is cut off") }
    // Of version 1 the length stands in two bytes, else in four.
    let length = start[6] == 1 ? 10 + Int(start[8]) + Int(start[9]) << 8 : 12 + Int(start[8]) + Int(start[9]) << 8
    guard length <= NPYHeader.longest + 12, PlantedDefect.isHere || length >= start.count, length <= member.size else {
      throw .damaged(path: name, reason: "the .npy header claims \(length) bytes of \(member.size)")
    }
    var rest = [UInt8](repeating: 0, count: length - start.count)
    guard try NPZStream.fill(&rest, &inflate, &storedPosition, archive, member) == rest.count else {
      throw .damaged(path: name, reason: "the member is cut off")
    }
    headerBytes = start + rest
    let parsed: Result<NPYHeader, FileError> = headerBytes.withUnsafeBytes { bytes in
      Result { () throws(FileError) in try NPYHeader(parsing: bytes, name: name) }
    }
    header = try parsed.get()
    guard header.dataOffset == length, header.byteCount == member.size - length else {
      throw .damaged(
        path: name,
        reason: "shape \(header.shape) needs \(header.byteCount) bytes of data, but \(member.size - length) are there")
    }
    headerBytes.withUnsafeBytes { checksum.update($0) }
    left -= length
  }

  /// Fills `elements` with the next elements and returns how many; fewer only at the end.
  ///
  /// Throws `FileError.damaged` where the member is cut off, longer than it claims, or its checksum is wrong.
  public func read<T: BitwiseCopyable>(into elements: inout [T]) throws(FileError) -> Int {
    precondition(
      MemoryLayout<T>.stride == header.element.byteCount, "\(name) holds \(header.element), not \(T.self)")
    let result = elements.withUnsafeMutableBytes { buffer in
      Result { () throws(FileError) in try readPieces(into: buffer) }
    }
    return try result.get() / MemoryLayout<T>.stride
  }

  /// The next bytes of the elements; 0 at the end.
  func readBytes(into bytes: inout [UInt8]) throws(FileError) -> Int {
    let result = bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(FileError) in try readPieces(into: buffer) }
    }
    return try result.get()
  }

  /// Fills `buffer`, which has the size of all elements.
  func readAll(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) {
    precondition(buffer.count == header.byteCount, "\(name) holds \(header.byteCount) bytes, not \(buffer.count)")
    _ = try readPieces(into: buffer)
  }

  private func readPieces(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, left)])
    let count = try NPZStream.fill(wanted, &inflate, &storedPosition, archive, member)
    guard count == wanted.count else { throw .damaged(path: name, reason: "the member is cut off") }
    checksum.update(UnsafeRawBufferPointer(wanted))
    left -= count
    if left == 0, count > 0 || header.byteCount == 0 { try checkEnd() }
    return count
  }

  private func checkEnd() throws(FileError) {
    var extra: [UInt8] = [0]
    if inflate != nil, try NPZStream.fill(&extra, &inflate, &storedPosition, archive, member) > 0 {
      throw .damaged(path: name, reason: "the member is longer than the archive's directory says")
    }
    guard checksum.value == member.checksum else {
      throw .damaged(path: name, reason: "its checksum is wrong")
    }
  }

  private static func fill(
    _ bytes: inout [UInt8], _ inflate: inout Inflate?, _ position: inout Int, _ archive: NPZFile,
    _ member: NPZFile.Member
  ) throws(FileError) -> Int {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 16)
    defer { buffer.deallocate() }
    let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<bytes.count])
    let count = try fill(part, &inflate, &position, archive, member)
    bytes = [UInt8](part)
    return count
  }

  private static func fill(
    _ buffer: UnsafeMutableRawBufferPointer, _ inflate: inout Inflate?, _ position: inout Int, _ archive: NPZFile,
    _ member: NPZFile.Member
  ) throws(FileError) -> Int {
    if inflate != nil { return try inflate!.read(into: buffer) }
    let count = min(buffer.count, member.range.upperBound - position)
    guard count > 0 else { return 0 }
    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: archive.file.bytes[position..<position + count]))
    position += count
    return count
  }
}
