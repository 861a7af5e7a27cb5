import Crypto
import Glibc

/// SHA-256 (FIPS 180-4) of files and of bytes in memory, as 64 lowercase hexadecimal digits.
public enum Checksum {
  /// The digest of a whole file, read in pieces of one MiB, so that its size does not matter to memory.
  ///
  /// Throws `FileError.missing` where there is no such file and `FileError.inputOutput` where it cannot be read.
  public static func sha256(ofFile path: String) throws(FileError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError.system("open", path: path) }
    defer { close(descriptor) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { buffer.deallocate() }
    var stream = Stream()
    while true {
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      if count > 0 {
        stream.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      } else if count == 0 {
        return stream.finalize()
      } else if errno != EINTR {
        throw FileError.system("read", path: path)
      }
    }
  }

  /// The digest of bytes in memory.
  public static func sha256(_ bytes: UnsafeRawBufferPointer) -> String {
    var stream = Stream()
    stream.update(bytes)
    return stream.finalize()
  }

  /// The digest of bytes in an array.
  public static func sha256(_ bytes: [UInt8]) -> String {
    bytes.withUnsafeBytes { sha256($0) }
  }

  /// A digest that is fed piece by piece.
  public struct Stream {
    private var state = SHA256()

    /// The digest of nothing so far.
    public init() {}

    /// Takes the next bytes in.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bufferPointer: bytes) }

    /// The digest of all bytes taken in so far; more may still follow.
    public func finalize() -> String {
      let digits = Array("0123456789abcdef".utf8)
      var text: [UInt8] = []
      text.reserveCapacity(64)
      for byte in state.finalize() {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
      }
      return String(decoding: text, as: UTF8.self)
    }
  }
}
