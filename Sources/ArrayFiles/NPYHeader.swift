/// The element types that Lockstep reads and writes.
public enum NPYElement: String, Sendable, CaseIterable {
  /// One byte, 0 or 1.
  case bool = "b1"
  /// Unsigned, 8 bits.
  case uint8 = "u1"
  /// Signed, 16 bits.
  case int16 = "i2"
  /// Signed, 32 bits.
  case int32 = "i4"
  /// Signed, 64 bits.
  case int64 = "i8"
  /// IEEE single precision.
  case float32 = "f4"
  /// IEEE double precision.
  case float64 = "f8"

  /// The size of one element in bytes.
  public var byteCount: Int {
    switch self {
    case .bool, .uint8: 1
    case .int16: 2
    case .int32, .float32: 4
    case .int64, .float64: 8
    }
  }

  /// NumPy's name with the byte order in front, such as `<f4`.
  public var descriptor: String { (byteCount == 1 ? "|" : "<") + rawValue }
}

/// What the first bytes of an `.npy` file say (NumPy enhancement proposal 1; numpy/lib/format.py).
public struct NPYHeader: Sendable, Equatable {
  /// The type of the elements.
  public let element: NPYElement
  /// The extents, the slowest first (C order); empty for a single number.
  public let shape: [Int]
  /// Where the elements begin, in bytes from the file's start.
  public let dataOffset: Int
  /// The product of the extents.
  public let elementCount: Int

  /// The size of the elements in bytes.
  public var byteCount: Int { elementCount * element.byteCount }

  /// The longest header that is read; NumPy's own bound.
  static let longest = 10_000
  /// The most extents that are read; NumPy's own bound.
  static let mostExtents = 32

  /// Reads a header of version 1, 2 or 3 from the file's first bytes; `name` is used in errors.
  ///
  /// Nothing is allocated by the file's say-so and all products are checked. Throws `FileError.damaged` for anything
  /// but little-endian, C-order arrays of ``NPYElement``; arrays of Python objects are refused, since reading them
  /// would run code.
  public init(parsing bytes: UnsafeRawBufferPointer, name: String) throws(FileError) {
    func damaged(_ reason: String) -> FileError { .damaged(path: name, reason: reason) }
    let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
    guard bytes.count >= 10, bytes.prefix(6).elementsEqual(magic) else {
      throw damaged("not an .npy file: it does not begin with \\x93NUMPY")
    }
    let major = bytes[6]
    guard (1...3).contains(major), bytes[7] == 0 else {
      throw damaged(".npy version \(major).\(bytes[7]) is not known; save it as version 1.0")
    }
    let start = major == 1 ? 10 : 12
    guard bytes.count >= start else { throw damaged("the header is cut off") }
    let length =
      major == 1
      ? Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self)))
      : Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
    guard length <= NPYHeader.longest else {
      throw damaged("the header claims \(length) bytes; the most that is read is \(NPYHeader.longest)")
    }
    guard PlantedDefect.isHere || bytes.count - start >= length else {
      throw damaged("the header claims \(length) bytes, but only \(bytes.count - start) follow")
    }
    var parser = NPYDictionaryParser(text: Array(bytes[start..<start + length]))
    guard let fields = parser.parse() else {
      throw damaged("the header is not a dictionary of descr, fortran_order and shape (at its byte \(parser.position))")
    }
    guard let element = NPYHeader.element(fields.descriptor) else {
      throw damaged(NPYHeader.refusal(of: fields.descriptor))
    }
    guard !fields.fortranOrder || fields.shape.count < 2 else {
      throw damaged("the array is in Fortran order; save it with numpy.ascontiguousarray")
    }
    var product = element.byteCount
    for extent in fields.shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      // An extent of 0 later on must not hide an overflow before it, so no product is ever let pass the bound.
      guard !overflow else { throw damaged("a shape of \(fields.shape) is too large") }
      product = next
    }
    self.element = element
    shape = fields.shape
    dataOffset = start + length
    elementCount = product / element.byteCount
  }

  private static func element(_ descriptor: String) -> NPYElement? {
    guard let order = descriptor.first, let element = NPYElement(rawValue: String(descriptor.dropFirst())) else {
      return nil
    }
    return order == "<" || (order == "|" && element.byteCount == 1) ? element : nil
  }

  private static func refusal(of descriptor: String) -> String {
    if descriptor.contains("O") { return "it holds Python objects (dtype '\(descriptor)'), which are never read" }
    let kind = descriptor.dropFirst().first
    let remedy =
      kind == "f"
      ? " (in NumPy .astype(np.float32))" : kind == "i" || kind == "u" ? " (in NumPy .astype(np.int32))" : ""
    if descriptor.hasPrefix(">") { return "dtype '\(descriptor)' is big-endian; save it as little-endian\(remedy)" }
    let known = NPYElement.allCases.map(\.descriptor).joined(separator: " ")
    return "dtype '\(descriptor)' is not read; expected one of \(known)\(remedy)"
  }
}
