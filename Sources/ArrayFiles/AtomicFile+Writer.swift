import Glibc

extension AtomicFile {
  /// What a finished file holds.
  public struct Written: Sendable, Equatable {
    /// Its size in bytes.
    public let bytes: Int
    /// The SHA-256 of the bytes that were meant to be written, not of those read back.
    public let sha256: String
  }

  /// A new file that is being written from start to end, its digest formed on the way.
  ///
  /// The file is durable once `finish` has returned; a writer that is dropped before leaves an unfinished file.
  public struct Writer: ~Copyable {
    private let descriptor: Int32
    private let path: String
    private var count = 0
    private var digest = Checksum.Stream()

    /// Creates the file; one that is there already is an error.
    public init(creating path: String) throws(FileError) {
      descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      self.path = path
      guard descriptor >= 0 else { throw FileError.system("create", path: path) }
    }

    /// Appends `bytes`.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
      var rest = bytes[...]
      while !rest.isEmpty {
        let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(8 << 20))
        let written = Glibc.write(descriptor, piece.baseAddress, piece.count)
        if written >= 0 {
          digest.update(UnsafeRawBufferPointer(rebasing: piece[..<written]))
          count += written
          rest = rest.dropFirst(written)
        } else if errno != EINTR {
          throw FileError.system("write", path: path)
        }
      }
    }

    /// Appends numbers as they lie in memory, which is little-endian on all processors that are supported.
    public mutating func write<Value: BitwiseCopyable>(_ values: [Value]) throws(FileError) {
      let failure: FileError? = values.withUnsafeBytes { buffer in
        do throws(FileError) {
          try write(buffer)
          return nil
        } catch {
          return error
        }
      }
      if let failure { throw failure }
    }

    /// Syncs the file to the disk and closes it.
    public consuming func finish() throws(FileError) -> Written {
      guard fsync(descriptor) == 0 else { throw FileError.system("fsync", path: path) }
      return Written(bytes: count, sha256: digest.finalize())
    }

    deinit { close(descriptor) }
  }
}
