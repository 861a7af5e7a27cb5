import ArrayFiles

/// An array of numbers in the IDX format (LeCun, Cortes and Burges, "The MNIST database of handwritten digits"), plain
/// or gzip, read from start to end: two bytes of zero, a byte of the type, a byte of the number of extents, the extents
/// as big-endian 32-bit numbers, and the elements, big-endian and row-major.
final class IDXArray {
  /// The types of elements.
  enum Element: UInt8 {
    case uint8 = 0x08
    case int8 = 0x09
    case int16 = 0x0B
    case int32 = 0x0C
    case float32 = 0x0D
    case float64 = 0x0E

    var byteCount: Int {
      switch self {
      case .uint8, .int8: 1
      case .int16: 2
      case .int32, .float32: 4
      case .float64: 8
      }
    }

    var isInteger: Bool { self != .float32 && self != .float64 }
  }

  let element: Element
  /// The extents; the first counts the entries.
  let shape: [Int]
  var path: String { bytes.path }
  /// Bytes of the file read so far.
  var bytesRead: Int { bytes.bytesRead }

  private let bytes: ByteReader
  private var rest = UnsafeRawBufferPointer(start: nil, count: 0)

  /// Reads the header. Throws ``DataError`` where the file is none of the kind.
  init(at path: String) throws {
    let reader = try ByteReader(at: path)
    var rest = UnsafeRawBufferPointer(start: nil, count: 0)
    func byte() throws -> UInt8 {
      while rest.isEmpty {
        guard let piece = try reader.next() else { throw DataError.damaged(path, "the header is cut off") }
        rest = piece
      }
      defer { rest = UnsafeRawBufferPointer(rebasing: rest[1...]) }
      return rest[0]
    }
    let magic = [try byte(), try byte(), try byte(), try byte()]
    guard magic[0] == 0, magic[1] == 0, let element = Element(rawValue: magic[2]), (1...8).contains(magic[3]) else {
      throw DataError.damaged(path, "no IDX array: it begins with the bytes \(magic)")
    }
    var shape: [Int] = []
    for _ in 0..<magic[3] {
      var extent = 0
      for _ in 0..<4 { extent = extent << 8 | Int(try byte()) }
      shape.append(extent)
    }
    (bytes, self.rest, self.element, self.shape) = (reader, rest, element, shape)
  }

  /// Appends the next so many elements. What the header claims is not allocated before it has been found there.
  /// - Throws: ``DataError`` where the file ends before.
  func read(_ count: Int, into values: inout [Float]) throws {
    let size = element.byteCount
    var left = count
    var carried: [UInt8] = []
    while left > 0 {
      if rest.isEmpty {
        guard let piece = try bytes.next() else {
          throw DataError.damaged(
            path, "it is cut off: its header claims \(shape.map(String.init).joined(separator: " × ")) elements")
        }
        rest = piece
      }
      // An element may lie across two pieces.
      if !carried.isEmpty || rest.count < size {
        let taken = min(size - carried.count, rest.count)
        carried += rest[..<taken]
        rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
        guard carried.count == size else { continue }
        carried.withUnsafeBytes { convert($0, into: &values) }
        carried.removeAll(keepingCapacity: true)
        left -= 1
        continue
      }
      let taken = min(left, rest.count / size)
      convert(UnsafeRawBufferPointer(rebasing: rest[..<(taken * size)]), into: &values)
      rest = UnsafeRawBufferPointer(rebasing: rest[(taken * size)...])
      left -= taken
    }
  }

  /// Checks that nothing follows.
  func finish() throws {
    while rest.isEmpty {
      guard let piece = try bytes.next() else { return }
      rest = piece
    }
    throw DataError.damaged(path, "it goes on behind the elements that its header claims")
  }

  private func convert(_ bytes: UnsafeRawBufferPointer, into values: inout [Float]) {
    func each<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, _ float: (T) -> Float) {
      for offset in stride(from: 0, to: bytes.count, by: MemoryLayout<T>.size) {
        values.append(float(T(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))))
      }
    }
    switch element {
    case .uint8: values.append(contentsOf: bytes.lazy.map { Float($0) })
    case .int8: each(Int8.self) { Float($0) }
    case .int16: each(Int16.self) { Float($0) }
    case .int32: each(Int32.self) { Float($0) }
    case .float32: each(UInt32.self) { Float(bitPattern: $0) }
    case .float64: each(UInt64.self) { Float(Double(bitPattern: $0)) }
    }
  }
}
