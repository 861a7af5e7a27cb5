import ArrayFiles

/// MANIFEST.json: what a checkpoint consists of, and where and how it was made.
struct CheckpointManifest: SealedJSON {
  /// What must be found of one file.
  struct File: Codable {
    let bytes: Int
    let sha256: String

    /// Compares a file with it: its size, then its SHA-256.
    func verify(_ path: String) throws(FileError) {
      let size: Int
      do {
        size = try AtomicFile.size(of: path)
      } catch .missing {
        throw .damaged(path: path, reason: "is missing")
      }
      guard size == bytes else {
        throw .damaged(path: path, reason: "holds \(size) bytes; \(bytes) were written")
      }
      let digest = try Checksum.sha256(ofFile: path)
      guard digest == sha256 else {
        throw .damaged(path: path, reason: "its SHA-256 is \(digest); that of what was written is \(sha256)")
      }
    }
  }

  static let name = "MANIFEST.json"
  static let knownFormat = "lockstep-checkpoint"
  static let knownVersion = 1

  var format = Self.knownFormat
  var version = Self.knownVersion
  let step: Int
  let files: [String: File]
  let made: [String: String]
  var seal = Self.blank
}
