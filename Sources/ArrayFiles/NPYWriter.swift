import Glibc

/// Writes an `.npy` file of version 1.0, row by row, without knowing how many rows there will be.
///
/// The file says "no rows" until ``close(synchronised:)`` has patched its header, so that one left behind half-made is
/// seen to be damaged. Little-endian, C order; the elements begin at a multiple of 64 bytes, as NumPy's own do.
public final class NPYWriter {
  /// Where the file is written.
  public let path: String
  /// The type of the elements.
  public let element: NPYElement
  /// The extents of one row; empty for a vector.
  public let rowShape: [Int]

  private var descriptor: Int32
  private let rowBytes: Int
  private let headerBytes: Int
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
  private var buffered = 0
  private var written = 0

  /// Creates the file, which must not exist yet.
  ///
  /// Throws `FileError.inputOutput`, with EEXIST where the file exists and ENOSPC where the disk is full.
  public init(at path: String, element: NPYElement, rowShape: [Int] = []) throws(FileError) {
    precondition(rowShape.allSatisfy { $0 > 0 }, "a row of shape \(rowShape) holds nothing")
    self.path = path
    self.element = element
    self.rowShape = rowShape
    rowBytes = rowShape.reduce(element.byteCount, *)
    // The widest number of rows decides the header's size, so that it never has to grow.
    headerBytes = NPYWriter.header(element, rowShape, rows: .max, size: 0).count
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError.system("create", path: path) }
    try put(NPYWriter.header(element, rowShape, rows: 0, size: headerBytes))
  }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
    buffer.deallocate()
  }

  /// The number of whole rows so far.
  public var rows: Int { (written + buffered - headerBytes) / rowBytes }

  /// Appends elements; rows may be completed piece by piece.
  public func append<T: BitwiseCopyable>(_ values: UnsafeBufferPointer<T>) throws(FileError) {
    precondition(
      MemoryLayout<T>.stride == element.byteCount, "\(T.self) is not an element of \(element.descriptor)")
    try put(UnsafeRawBufferPointer(values))
  }

  /// Appends elements; rows may be completed piece by piece.
  public func append<T: BitwiseCopyable>(_ values: [T]) throws(FileError) {
    let result = values.withUnsafeBufferPointer { buffer in Result { () throws(FileError) in try append(buffer) } }
    try result.get()
  }

  /// Writes what is left and the number of rows into the header, and closes the file; `synchronised` waits for the
  /// disk.
  public func close(synchronised: Bool = true) throws(FileError) {
    precondition(descriptor >= 0, "\(path) is closed")
    precondition((written + buffered - headerBytes) % rowBytes == 0, "\(path) ends within a row")
    let header = NPYWriter.header(element, rowShape, rows: rows, size: headerBytes)
    try flush()
    let patched = header.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    guard patched == header.count else { throw FileError.system("write", path: path) }
    if synchronised, fsync(descriptor) != 0 { throw FileError.system("fsync", path: path) }
    let result = Glibc.close(descriptor)
    descriptor = -1
    guard result == 0 else { throw FileError.system("close", path: path) }
  }

  private func put(_ bytes: [UInt8]) throws(FileError) {
    let result = bytes.withUnsafeBytes { buffer in Result { () throws(FileError) in try put(buffer) } }
    try result.get()
  }

  private func put(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    precondition(descriptor >= 0, "\(path) is closed")
    var rest = bytes
    while !rest.isEmpty {
      if buffered == buffer.count { try flush() }
      let count = min(rest.count, buffer.count - buffered)
      UnsafeMutableRawBufferPointer(rebasing: buffer[buffered..<buffered + count])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<(rest.startIndex + count)]))
      buffered += count
      rest = UnsafeRawBufferPointer(rebasing: rest[(rest.startIndex + count)...])
    }
  }

  private func flush() throws(FileError) {
    var done = 0
    while done < buffered {
      let count = write(descriptor, buffer.baseAddress! + done, buffered - done)
      if count > 0 {
        done += count
      } else if count < 0, errno != EINTR {
        throw FileError.system("write", path: path)
      }
    }
    written += buffered
    buffered = 0
  }

  /// A header of at least `size` bytes, a multiple of 64.
  private static func header(_ element: NPYElement, _ rowShape: [Int], rows: Int, size: Int) -> [UInt8] {
    let extents = ([rows] + rowShape).map(String.init).joined(separator: ", ") + (rowShape.isEmpty ? "," : "")
    let text = "{'descr': '\(element.descriptor)', 'fortran_order': False, 'shape': (\(extents)), }"
    let total = max(size, (10 + text.utf8.count + 1 + 63) / 64 * 64)
    var bytes: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0]
    bytes += [UInt8((total - 10) & 0xFF), UInt8((total - 10) >> 8)]
    bytes += text.utf8
    bytes += [UInt8](repeating: 0x20, count: total - 1 - bytes.count) + [0x0A]
    return bytes
  }
}
