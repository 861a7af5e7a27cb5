/// An `.npz` archive: a zip of `.npy` members, stored or deflated, as `numpy.savez` and `savez_compressed` write it.
///
/// Only what has been checked is believed: the number and names of members, their places (no two may share bytes), and
/// how far they may expand. Encrypted members and other compressions are refused.
public final class NPZFile: Sendable {
  /// How much an archive may claim.
  public struct Limits: Sendable {
    /// The most members.
    public var members = 100_000
    /// The longest name, in bytes.
    public var nameBytes = 1024
    /// The most bytes that one compressed byte of a member may become; DEFLATE itself cannot exceed 1032. What all
    /// members together may become is bounded by ``Expansion``.
    public var ratio = 1032

    /// The usual limits.
    public init() {}
  }

  /// One array of the archive.
  struct Member: Sendable {
    let isDeflated: Bool
    let checksum: UInt32
    /// Where its bytes lie in the archive.
    let range: Range<Int>
    /// Its size when inflated.
    let size: Int
  }

  /// Where the archive was found.
  public let path: String
  /// The names of the arrays, without `.npy`, in the archive's order.
  public let names: [String]
  let members: [String: Member]
  let file: MappedFile
  let limits: Limits

  /// Maps an archive and reads its directory. Complexity: O(members).
  ///
  /// Throws `FileError.damaged` for anything that is not a sound zip within the limits.
  public init(at path: String, limits: Limits = Limits()) throws(FileError) {
    let file = try MappedFile(at: path)
    var reader = ZipDirectoryReader(file: file, limits: limits)
    (names, members) = try reader.read()
    self.path = path
    self.file = file
    self.limits = limits
  }

  /// What a member is called in errors.
  func title(_ name: String) -> String { "\(path)(\(name).npy)" }

  /// A member that is read from start to end, in memory for one piece.
  ///
  /// Throws `FileError.missing` where there is none of that name, `.damaged` where its header is no sound `.npy`.
  public func stream(_ name: String) throws(FileError) -> NPZStream {
    guard let member = members[name] else {
      throw .missing(path: title(name), advice: "the archive holds \(names.prefix(20).joined(separator: ", "))")
    }
    return try NPZStream(archive: self, member: member, name: title(name))
  }

  /// A whole array: mapped where it is stored, inflated into memory where it is deflated. Its checksum is verified.
  ///
  /// Throws as ``stream(_:)``. Complexity: one read of the member; memory of its size where it is deflated.
  public func array(_ name: String) throws(FileError) -> NPYFile {
    let stream = try stream(name)
    guard let member = members[name] else { preconditionFailure("\(title(name)) has just been found") }
    if !member.isDeflated {
      var piece = [UInt8](repeating: 0, count: 1 << 16)
      while try stream.readBytes(into: &piece) > 0 {}
      let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[member.range])
      return try NPYFile(bytes: bytes, owner: file, name: title(name))
    }
    // The directory's sizes have been held against the archive's, so that they may be believed here.
    let content = OwnedBytes(count: member.size)
    content.memory.copyBytes(from: stream.headerBytes)
    try stream.readAll(into: UnsafeMutableRawBufferPointer(rebasing: content.memory[stream.headerBytes.count...]))
    return try NPYFile(bytes: content.bytes, owner: content, name: title(name))
  }
}
