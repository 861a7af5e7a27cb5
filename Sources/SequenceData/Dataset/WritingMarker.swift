import ArrayFiles
import Glibc

/// The file `.incomplete` in a folder in which a data set is being written: it comes first and goes last.
///
/// A lock on it (flock(2), which the kernel gives up when the process ends) tells a writer that is at work from one that
/// was killed.
final class WritingMarker {
  static let name = ".incomplete"
  private let path: String
  private let descriptor: Int32

  /// Marks `folder`. Throws ``DataError/usage(_:)`` where another process writes there.
  init(in folder: String) throws {
    path = folder + "/" + WritingMarker.name
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard descriptor >= 0 else { throw DataError.file(.system("create", path: path)) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno == ENOTSUP || errno == ENOLCK else {
      close(descriptor)
      throw DataError.usage(
        "\(folder): another process is writing a data set there; wait for it or name another folder")
    }
  }

  deinit { close(descriptor) }

  /// Takes the mark away: the data set is whole, or nothing of it is left.
  func remove() { unlink(path) }

  /// Whether `folder` holds nothing but what a writer that did not end has left there.
  static func isLeft(in folder: String) -> Bool {
    guard let names = try? AtomicFile.names(inFolder: folder), names.contains(name) else { return false }
    return names.allSatisfy(isOwn)
  }

  /// Removes what such a writer has left, but for the mark.
  static func removeLeftovers(in folder: String) throws {
    for file in try AtomicFile.names(inFolder: folder) where file != name && isOwn(file) {
      try AtomicFile.remove(folder + "/" + file)
    }
  }

  /// Whether a writer gives this name before the data set is whole.
  private static func isOwn(_ file: String) -> Bool {
    if file == name || file.hasPrefix(".\(DatasetManifest.fileName).") && file.hasSuffix(".tmp") { return true }
    let parts = file.split(separator: "-", maxSplits: 1)
    guard parts.count == 2, DatasetWriter.kinds.contains(String(parts[0])) else { return false }
    let end = parts[0] == "names" ? ".txt" : ".npy"
    return parts[1].hasSuffix(end) && parts[1].dropLast(end.count).allSatisfy { $0.isASCII && $0.isNumber }
  }
}

extension DatasetWriter {
  /// The kinds of files of a shard, as their names begin.
  static let kinds = ["values", "offsets", "labels", "splits", "groups", "names"]

  /// Whether a folder holds what an import or generation that was killed has left, and nothing else: a new one begins
  /// afresh there.
  public static func isInterrupted(at path: String) -> Bool { WritingMarker.isLeft(in: path) }

  /// Makes the folder where it is not there, marks it and clears what an interrupted writer has left; returns the mark
  /// and whether the folder had to be made.
  static func prepare(_ path: String) throws -> (marker: WritingMarker, madeFolder: Bool) {
    try refuseFolderInUse(path)
    let isNew = !AtomicFile.exists(path)
    return try DataError.wrap {
      if isNew { try AtomicFile.createFolder(path) }
      let marker = try WritingMarker(in: path)
      try WritingMarker.removeLeftovers(in: path)
      return (marker, isNew)
    }
  }

  /// Throws ``DataError/usage(_:)`` where `path` is a file or a folder that is not empty, but for what an interrupted
  /// writer has left.
  static func refuseFolderInUse(_ path: String) throws {
    guard AtomicFile.exists(path) else { return }
    guard AtomicFile.isFolder(path) else {
      throw DataError.usage("\(path) is a file; name a folder to be made")
    }
    let names = try DataError.wrap { try AtomicFile.names(inFolder: path) }
    guard names.isEmpty || isInterrupted(at: path) else {
      throw DataError.usage("\(path) is not empty; nothing was changed: remove it or name another folder")
    }
  }
}
