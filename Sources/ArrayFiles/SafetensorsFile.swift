import Glibc

/// A safetensors file, its header read and every promise of it checked; the tensors are read when asked for.
///
/// The checks are those of the reference implementation (github.com/huggingface/safetensors, `tensor.rs`) and more: the
/// header's length before anything is allocated, its JSON without duplicates or fractions, sizes without overflow, and
/// tensors that cover the rest of the file without a hole or an overlap.
public final class SafetensorsFile: Sendable {
  /// How an element is stored; all little-endian.
  public enum ElementType: String, Sendable, CaseIterable {
    /// IEEE 754 binary64.
    case float64 = "F64"
    /// IEEE 754 binary32.
    case float32 = "F32"
    /// The upper half of a binary32.
    case bfloat16 = "BF16"
    /// Two's complement, 64 bits.
    case int64 = "I64"
    /// Two's complement, 32 bits.
    case int32 = "I32"
    /// 8 bits without sign.
    case uint8 = "U8"

    /// Bytes of one element.
    public var size: Int {
      switch self {
      case .float64, .int64: 8
      case .float32, .int32: 4
      case .bfloat16: 2
      case .uint8: 1
      }
    }
  }

  /// One tensor of the file.
  public struct Entry: Sendable, Equatable {
    /// Its name.
    public let name: String
    /// How its elements are stored.
    public let type: ElementType
    /// Its extents, outermost first.
    public let shape: [Int]
    /// Where its bytes lie in the file.
    public let bytes: Range<Int>
  }

  /// The file's path, as it was given.
  public let path: String
  /// The texts of `__metadata__`.
  public let metadata: [String: String]
  /// The tensors in the order of their bytes.
  public let entries: [Entry]

  private let places: [String: Int]
  private let descriptor: Int32

  /// Opens a file and checks its header.
  ///
  /// Throws `FileError.missing`, `FileError.inputOutput`, or `FileError.damaged` with what is wrong. O(header).
  public init(path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError.system("open", path: path) }
    do throws(FileError) {
      let size = try AtomicFile.regularSize(of: descriptor, path: path)
      let header = try SafetensorsHeader.read(descriptor, size: size, path: path)
      self.path = path
      self.descriptor = descriptor
      metadata = header.metadata
      entries = header.entries
      places = Dictionary(uniqueKeysWithValues: header.entries.enumerated().map { ($1.name, $0) })
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }

  /// The tensor of that name, nil where there is none.
  public func entry(_ name: String) -> Entry? { places[name].map { entries[$0] } }

  /// A tensor's bytes as they are stored.
  public func bytes(of entry: Entry) throws(FileError) -> [UInt8] {
    try AtomicFile.read(entry.bytes.count, at: entry.bytes.lowerBound, of: descriptor, path: path)
  }

  /// A tensor by name; one that is not there is `FileError.damaged` with the name.
  public func tensor(_ name: String) throws(FileError) -> NamedTensor {
    guard let entry = entry(name) else { throw .damaged(path: path, reason: "has no tensor named \(name)") }
    return try tensor(entry)
  }

  /// A tensor; types that `NamedTensor` lacks are widened without loss: BF16 to binary32, I32 and U8 to I64.
  public func tensor(_ entry: Entry) throws(FileError) -> NamedTensor {
    let elements: NamedTensor.Elements =
      switch entry.type {
      case .float64: .float64(try values(of: entry))
      case .float32: .float32(try values(of: entry))
      case .int64: .int64(try values(of: entry))
      case .bfloat16:
        .float32(try values(of: entry, as: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) })
      case .int32: .int64(try values(of: entry, as: Int32.self).map(Int64.init))
      case .uint8: .int64(try values(of: entry, as: UInt8.self).map(Int64.init))
      }
    return NamedTensor(name: entry.name, shape: entry.shape, elements: elements)
  }

  /// All tensors, in the order of their bytes.
  public func tensors() throws(FileError) -> [NamedTensor] {
    var tensors: [NamedTensor] = []
    for entry in entries { tensors.append(try tensor(entry)) }
    return tensors
  }

  private func values<Value: BitwiseCopyable>(
    of entry: Entry, as type: Value.Type = Value.self
  ) throws(FileError) -> [Value] {
    let count = entry.bytes.count / entry.type.size
    var failure: FileError?
    let values = [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
      failure = AtomicFile.fill(
        UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: entry.bytes.count),
        at: entry.bytes.lowerBound, of: descriptor, path: path)
      initialized = failure == nil ? count : 0
    }
    if let failure { throw failure }
    return values
  }
}
