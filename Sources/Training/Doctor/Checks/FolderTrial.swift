import ArrayFiles
import Glibc

/// Tries in a folder what a run does in its own: files written aside, synced and renamed over others, links of both kinds.
///
/// Everything is taken away again, also after an error.
struct FolderTrial {
  /// Seconds in which a file of 64 KiB was written and synced; the median.
  let fileSyncSeconds: Double
  /// Seconds in which the folder was; the median.
  let folderSyncSeconds: Double

  private static let trials = 5

  static func run(in folder: String) throws(FileError) -> FolderTrial {
    let place = AtomicFile.temporaryPath(for: "\(folder)/doctor")
    let aside = AtomicFile.temporaryPath(for: "\(folder)/doctor-aside")
    defer {
      unlink(place)
      unlink(aside)
    }
    var (files, folders): ([Double], [Double]) = ([], [])
    for trial in 0..<trials {
      let content = [UInt8](repeating: UInt8(trial), count: 1 << 16)
      files.append(
        try seconds { () throws(FileError) in
          var writer = try AtomicFile.Writer(creating: aside)
          try writer.write(content)
          _ = try writer.finish()
        })
      try AtomicFile.move(aside, to: place)
      folders.append(try seconds { () throws(FileError) in try AtomicFile.syncFolder(folder) })
      guard try AtomicFile.read(place) == content else {
        throw .damaged(path: place, reason: "still holds the old content after a rename over it")
      }
    }
    guard link(place, aside) == 0 else { throw FileError.system("link", path: aside) }
    unlink(aside)
    try AtomicFile.replaceSymbolicLink(at: aside, target: "nowhere")
    return FolderTrial(
      fileSyncSeconds: files.sorted()[trials / 2], folderSyncSeconds: folders.sorted()[trials / 2])
  }

  private static func seconds(_ body: () throws(FileError) -> Void) throws(FileError) -> Double {
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start) / .seconds(1)
  }
}
