import Glibc

extension AtomicFile {
  /// The whole of a small file.
  ///
  /// Throws `FileError.missing` where it is not there, `FileError.damaged` where it is no regular file or holds more
  /// than `limit` bytes (nothing is allocated then), and `FileError.inputOutput` where it cannot be read.
  public static func read(_ path: String, limit: Int = 64 << 20) throws(FileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError.system("open", path: path) }
    defer { close(descriptor) }
    let size = try regularSize(of: descriptor, path: path)
    guard size <= limit else {
      throw .damaged(path: path, reason: "holds \(size) bytes, more than the \(limit) that such a file may have")
    }
    return try read(size, at: 0, of: descriptor, path: path)
  }

  /// The size of a regular file in bytes.
  public static func size(of path: String) throws(FileError) -> Int {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError.system("open", path: path) }
    defer { close(descriptor) }
    return try regularSize(of: descriptor, path: path)
  }

  /// The size of an open file, which must be a regular one.
  static func regularSize(of descriptor: Int32, path: String) throws(FileError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError.system("stat", path: path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .damaged(path: path, reason: "is not a regular file")
    }
    return Int(status.st_size)
  }

  /// `count` bytes from `offset`; fewer are an error.
  static func read(_ count: Int, at offset: Int, of descriptor: Int32, path: String) throws(FileError) -> [UInt8] {
    var failure: FileError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      failure = fill(UnsafeMutableRawBufferPointer(buffer), at: offset, of: descriptor, path: path)
      initialized = failure == nil ? count : 0
    }
    if let failure { throw failure }
    return bytes
  }

  /// Fills `buffer` from `offset` on and returns what went wrong, if anything.
  static func fill(
    _ buffer: UnsafeMutableRawBufferPointer, at offset: Int, of descriptor: Int32, path: String
  ) -> FileError? {
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, offset + done)
      if count > 0 {
        done += count
      } else if count == 0 {
        return .damaged(path: path, reason: "ends at byte \(offset + done), before byte \(offset + buffer.count)")
      } else if errno != EINTR {
        return FileError.system("read", path: path)
      }
    }
    return nil
  }
}
