import Glibc

/// A file that grows at its end, by whole pieces: one that cannot be written whole is taken back.
///
/// Nothing is synced.
public struct AppendedFile: ~Copyable {
  private let path: String
  private let descriptor: Int32
  private var size: Int

  /// Opens the file, and makes it where it is not there.
  public init(at path: String) throws(FileError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o666)
    size = 0
    guard descriptor >= 0 else { throw FileError.system("open", path: path) }
    size = try AtomicFile.regularSize(of: descriptor, path: path)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Appends all of `bytes`, or nothing.
  public mutating func append(_ bytes: [UInt8]) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress! + done, $0.count - done, size + done)
      }
      if count >= 0 {
        done += count
      } else if errno != EINTR {
        let error = FileError.system("write", path: path)
        ftruncate(descriptor, size)
        throw error
      }
    }
    size += done
  }
}
