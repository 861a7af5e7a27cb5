import Glibc

/// A file mapped into memory, read-only: its pages are read when they are first touched and dropped when memory is
/// short, so that a file larger than memory costs only what is looked at.
///
/// A file that another process shortens while it is mapped ends this process with SIGBUS when the lost part is touched.
public final class MappedFile: @unchecked Sendable {
  // Sendable: immutable; the pages are never written and live as long as `self`.

  /// Where the file was found.
  public let path: String
  /// Its bytes, valid as long as this object lives; hold the object (`withExtendedLifetime`) while they are read.
  public let bytes: UnsafeRawBufferPointer

  /// The file's size in bytes.
  public var count: Int { bytes.count }

  /// Maps a regular file; an empty one gives an empty buffer. Complexity: O(1), whatever the size.
  ///
  /// Throws `FileError.missing` where there is none, `.damaged` where it is not a regular file, `.inputOutput` else.
  public init(at path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError.system("open", path: path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError.system("stat", path: path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .damaged(path: path, reason: "not a regular file")
    }
    guard let count = Int(exactly: status.st_size), count >= 0 else {
      throw .damaged(path: path, reason: "its size of \(status.st_size) bytes cannot be mapped")
    }
    self.path = path
    guard count > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let start = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED else {
      throw FileError.system("mmap", path: path)
    }
    bytes = UnsafeRawBufferPointer(start: start, count: count)
  }

  deinit {
    if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
  }

  /// The value of type `T` that starts at a byte, of any alignment, or nil where it would leave the file.
  public func load<T: BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T? {
    guard offset >= 0, offset <= count, count - offset >= MemoryLayout<T>.size else { return nil }
    return bytes.loadUnaligned(fromByteOffset: offset, as: type)
  }

  /// The bytes of a range, or nil where it leaves the file.
  public func slice(from offset: Int, count length: Int) -> UnsafeRawBufferPointer? {
    guard offset >= 0, length >= 0, offset <= count, count - offset >= length else { return nil }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
  }
}
