import ArrayFiles
import Glibc

/// Finds runs in a tree of folders.
enum RunFolders {
  /// What a run's folder holds at least one of.
  static let signs = ["run.json", "metrics.jsonl", "status.json"]
  private static let deepest = 12

  /// Whether a folder is a run.
  static func isRun(_ path: String) -> Bool { signs.contains { AtomicFile.exists("\(path)/\($0)") } }

  /// All runs at and below a folder, in the order of their paths; those within a run are not looked for. Links to folders are
  /// followed, each folder once.
  /// - Parameter problems: what could not be looked at, in words.
  static func find(under path: String, problems: inout [String]) -> [String] {
    var seen = Set<[UInt64]>()
    var found: [String] = []
    look(path, depth: 0, &seen, &found, &problems)
    return found
  }

  private static func look(
    _ path: String, depth: Int, _ seen: inout Set<[UInt64]>, _ found: inout [String], _ problems: inout [String]
  ) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
      seen.insert([UInt64(status.st_dev), UInt64(status.st_ino)]).inserted
    else { return }
    if isRun(path) { return found.append(path) }
    guard depth < deepest else { return problems.append("\(path): not looked into, \(deepest) folders deep") }
    do {
      for name in try AtomicFile.names(inFolder: path) where !name.hasPrefix(".") {
        look(path.hasSuffix("/") ? path + name : "\(path)/\(name)", depth: depth + 1, &seen, &found, &problems)
      }
    } catch {
      problems.append("\(error)")
    }
  }

  /// The bytes of all files in a folder, links not followed; what cannot be read counts as nothing.
  static func bytes(in path: String) -> Int {
    var status = stat()
    guard lstat(path, &status) == 0 else { return 0 }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : 0
    }
    let names = (try? AtomicFile.names(inFolder: path)) ?? []
    return names.reduce(0) { $0 + bytes(in: "\(path)/\($1)") }
  }
}
