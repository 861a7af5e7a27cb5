import ArrayFiles
import Glibc

/// Where a command will write: looked at before the work, so that no hour of it is lost for a mistyped path.
public enum OutputPlace {
  /// Checks that a file can be made, or replaced, at `path`.
  /// - Throws: a usage error (64) for a folder, and file errors: missing (66) where the folder that should hold it is not
  ///   there, inputOutput (74) where nothing can be written to it.
  public static func check(file path: String) throws {
    if AtomicFile.isFolder(path) { throw TrainingError.usage("\(path): is a folder; name a file") }
    try check(writable: AtomicFile.folderName(of: path), for: path)
  }

  /// Checks that an empty folder is at `path` or can be made there.
  static func check(emptyFolder path: String) throws {
    if AtomicFile.exists(path), try !AtomicFile.isFolder(path) || !AtomicFile.names(inFolder: path).isEmpty {
      throw TrainingError.usage("--out \(path): is not an empty folder; choose another")
    }
    try check(folder: path)
  }

  /// Checks that a folder can be made at `path`, with those above it.
  static func check(folder path: String) throws {
    var above = path
    while !AtomicFile.exists(above), above != AtomicFile.folderName(of: above) {
      above = AtomicFile.folderName(of: above)
    }
    try check(writable: above, for: path)
  }

  private static func check(writable folder: String, for path: String) throws {
    guard AtomicFile.exists(folder) else {
      throw FileError.missing(path: path, advice: "there is no folder \(folder) to write it to; make it first")
    }
    guard AtomicFile.isFolder(folder) else {
      throw TrainingError.usage("\(path): \(folder) is a file; name a place within a folder")
    }
    guard access(folder, W_OK | X_OK) == 0 else {
      throw FileError.inputOutput(path: path, operation: "writing to its folder", code: errno)
    }
  }
}
