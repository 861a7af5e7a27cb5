/// An `.npy` array whose header has been checked against its length; its elements are read where they lie, mapped or in
/// memory.
public final class NPYFile: @unchecked Sendable {
  // Sendable: immutable; `owner` keeps the elements' bytes, which nobody writes.

  /// What the array is called in errors: its path, or archive and member.
  public let name: String
  /// Type and shape.
  public let header: NPYHeader
  /// The elements' bytes, little-endian in C order, valid as long as this object lives. They may be unaligned.
  public let data: UnsafeRawBufferPointer
  private let owner: AnyObject

  /// The type of the elements.
  public var element: NPYElement { header.element }
  /// The extents, the slowest first.
  public var shape: [Int] { header.shape }

  /// Maps a file and checks header and length. Complexity: O(1) in the number of elements.
  public convenience init(at path: String) throws(FileError) {
    let file = try MappedFile(at: path)
    try self.init(bytes: file.bytes, owner: file, name: path)
  }

  /// Takes a whole `.npy` file that lies in memory.
  public convenience init(content: [UInt8], name: String) throws(FileError) {
    let copy = OwnedBytes(count: content.count)
    copy.memory.copyBytes(from: content)
    try self.init(bytes: copy.bytes, owner: copy, name: name)
  }

  /// Reads the array that fills `bytes`, which `owner` keeps alive.
  init(bytes: UnsafeRawBufferPointer, owner: AnyObject, name: String) throws(FileError) {
    let header = try NPYHeader(parsing: bytes, name: name)
    let present = bytes.count - header.dataOffset
    guard present == header.byteCount else {
      throw .damaged(
        path: name,
        reason: "shape \(header.shape) of \(header.element.descriptor) needs \(header.byteCount) bytes of data, "
          + "but \(present) are there" + (present < header.byteCount ? "; it is cut off" : ""))
    }
    self.name = name
    self.header = header
    self.owner = owner
    data = UnsafeRawBufferPointer(rebasing: bytes[header.dataOffset...])
  }

  /// Element `index` in C order, where `T` is the element type.
  @inlinable
  public func value<T: BitwiseCopyable>(at index: Int, as type: T.Type = T.self) -> T {
    precondition(
      MemoryLayout<T>.size == element.byteCount, "\(name) holds \(element), which \(T.self) does not fit")
    precondition(index >= 0 && index < header.elementCount, "\(name) has no element \(index)")
    return withExtendedLifetime(self) {
      data.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: type)
    }
  }

  /// Element `index` in C order of an array of integers (`bool` among them).
  public func integer(at index: Int) -> Int {
    switch element {
    case .bool, .uint8: Int(value(at: index, as: UInt8.self))
    case .int16: Int(Int16(littleEndian: value(at: index)))
    case .int32: Int(Int32(littleEndian: value(at: index)))
    case .int64: Int(Int64(littleEndian: value(at: index)))
    case .float32, .float64: preconditionFailure("\(name) holds \(element), no integers")
    }
  }

  /// All elements, converted to `Int`; nil for floating-point arrays. Complexity: O(n) time and memory.
  public func integers() -> [Int]? {
    func convert<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) -> [Int] {
      Array(unsafeUninitializedCapacity: header.elementCount) { buffer, count in
        for index in 0..<header.elementCount {
          let value = data.loadUnaligned(fromByteOffset: index &* MemoryLayout<T>.size, as: type)
          buffer.initializeElement(at: index, to: Int(truncatingIfNeeded: T(littleEndian: value)))
        }
        count = header.elementCount
      }
    }
    return withExtendedLifetime(self) {
      switch element {
      case .bool, .uint8: convert(UInt8.self)
      case .int16: convert(Int16.self)
      case .int32: convert(Int32.self)
      case .int64: convert(Int64.self)
      case .float32, .float64: nil
      }
    }
  }
}

/// Bytes on the heap that live as long as this object.
final class OwnedBytes {
  let memory: UnsafeMutableRawBufferPointer
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(memory) }

  /// So many bytes, which must be written before they are read.
  init(count: Int) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 64)
    self.memory = UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
  }

  deinit { memory.baseAddress?.deallocate() }
}
