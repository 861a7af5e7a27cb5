import ArrayFiles
import FoundationEssentials

/// A JSON file that carries the SHA-256 of itself under `seal`, so that any flipped bit in it is noticed.
///
/// The digest is that of the file's bytes with 64 zeros in the digest's place.
protocol SealedJSON: Codable {
  /// The digest; `Self.blank` until the file is written.
  var seal: String { get set }
}

extension SealedJSON {
  /// What stands in the digest's place while it is formed.
  static var blank: String { String(repeating: "0", count: 64) }

  /// The file's bytes, sealed.
  func sealed() -> [UInt8] {
    var copy = self
    copy.seal = Self.blank
    copy.seal = Checksum.sha256(Array(StableJSON.encode(copy)))
    return Array(StableJSON.encode(copy))
  }

  /// Reads and checks a file. Throws `FileError.missing` or `.damaged` with what is wrong.
  static func read(_ path: String) throws(FileError) -> Self {
    let bytes = try AtomicFile.read(path, limit: 16 << 20)
    guard !bytes.isEmpty else { throw .damaged(path: path, reason: "is empty") }
    let value: Self
    do {
      value = try JSONDecoder().decode(Self.self, from: Data(bytes))
    } catch {
      throw .damaged(path: path, reason: "is not the JSON that it should be: \(explanation(of: error))")
    }
    guard value.seal.utf8.count == 64 else {
      throw .damaged(path: path, reason: "its seal is not the 64 digits of a SHA-256")
    }
    let unsealed = String(decoding: bytes, as: UTF8.self).split(separator: value.seal, omittingEmptySubsequences: false)
      .joined(separator: blank)
    guard Checksum.sha256(Array(unsealed.utf8)) == value.seal else {
      throw .damaged(path: path, reason: "its seal does not fit its content; it was changed after it was written")
    }
    return value
  }

  /// A decoding error in a few words.
  private static func explanation(of error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "\(key.stringValue) is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      context.codingPath.map(\.stringValue).joined(separator: ".") + " is of another type"
    default: "it cannot be parsed"
    }
  }
}
