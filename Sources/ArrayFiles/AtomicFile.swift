import Glibc

/// Files that are seen whole or not at all: written aside, synced, renamed into place, and their folder synced.
///
/// Whatever fails, the file that stood there before is untouched and nothing is left beside it.
/// A crash may leave a temporary; its name begins with `.` and ends with `.tmp`.
public enum AtomicFile {
  /// Replaces the file at `path` by `bytes`.
  ///
  /// Throws `FileError.inputOutput` with the call that failed, `ENOSPC` included.
  public static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws(FileError) {
    try write(to: path) { (writer: inout Writer) throws(FileError) in try writer.write(bytes) }
  }

  /// Replaces the file at `path` by `bytes`.
  public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    try write(to: path) { (writer: inout Writer) throws(FileError) in try writer.write(bytes) }
  }

  /// Replaces the file at `path` by a text in UTF-8.
  public static func write(_ text: String, to path: String) throws(FileError) {
    try write(Array(text.utf8), to: path)
  }

  /// Replaces the file at `path` by what `body` writes; nothing happens to it where `body` throws.
  /// - Parameter isDurable: whether to wait for the disk. Without, the file is seen whole or not at all while the system
  ///   lives; a loss of power may leave the old one, the new one, or one of neither.
  public static func write(
    to path: String, isDurable: Bool = true, _ body: (inout Writer) throws(FileError) -> Void
  ) throws(FileError) {
    let temporary = temporaryPath(for: path)
    unlink(temporary)
    do throws(FileError) {
      var writer = try Writer(creating: temporary)
      try body(&writer)
      if isDurable { _ = try writer.finish() }
      guard rename(temporary, path) == 0 else { throw FileError.system("rename", path: path) }
      if isDurable { try syncFolder(folder(of: path)) }
    } catch {
      unlink(temporary)
      throw error.toldOf(path, insteadOf: temporary)
    }
  }

  /// A name beside `path` that no other process uses and that never looks like a finished file.
  public static func temporaryPath(for path: String) -> String {
    "\(folder(of: path))/.\(name(of: path)).\(getpid()).tmp"
  }

  /// Whether a name is one that `temporaryPath` gives: `.NAME.PROCESS.tmp`.
  public static func isTemporary(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count >= 4 && parts[0].isEmpty && parts.last == "tmp" && Int(parts[parts.count - 2]) != nil
  }

  /// The folder that holds `path`: `.` for a bare name.
  static func folder(of path: String) -> String {
    let path = withoutTrailingSlashes(path)
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The path of the folder that holds `path`.
  public static func folderName(of path: String) -> String { folder(of: path) }

  /// The last component of `path`.
  static func name(of path: String) -> String {
    let path = withoutTrailingSlashes(path)
    guard let slash = path.lastIndex(of: "/") else { return path }
    return String(path[path.index(after: slash)...])
  }

  private static func withoutTrailingSlashes(_ path: String) -> String {
    var path = path[...]
    while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
    return String(path)
  }
}
