import ArrayFiles
import Checkpoints
import MessagePassing
import SequenceData

/// Where rank 0 will write the run.
struct RunFolderCheck: Check {
  /// Nothing but on rank 0, which alone writes.
  struct Observation: Codable, Sendable {
    /// The folder that was tried: the run's, or the nearest above it that is there.
    var folder: String?
    /// Whether the run, or the folder that it will be made in, is there.
    var hasParent = true
    /// What failed, in words.
    var problem: String?
    /// Seconds in which a file of 64 KiB was synced, and a folder; medians.
    var fileSyncSeconds: Double?
    var folderSyncSeconds: Double?
    /// Bytes free.
    var freeBytes: Int?
    /// Bytes of the run's newest checkpoint, where there is one.
    var checkpointBytes: Int?
  }

  static let name: StaticString = "run"
  static let patience = Activity.Patience.storage
  /// Without a checkpoint it is not known what one takes.
  static let leastBytes = 1 << 30
  /// A sync that takes longer is told.
  static let slowSeconds = 1.0
  /// The run's folder; none where there is nothing to look at.
  let path: String?

  func observe(_ world: Surroundings) -> Observation {
    guard let path, world.own.rank == 0 else { return Observation() }
    var seen = Observation()
    var folder = path
    while !AtomicFile.exists(folder), folder != AtomicFile.folderName(of: folder) {
      folder = AtomicFile.folderName(of: folder)
    }
    seen.folder = folder
    seen.hasParent = folder == path || folder == AtomicFile.folderName(of: path)
    do {
      guard AtomicFile.isFolder(folder) else { throw FileError.damaged(path: folder, reason: "is a file") }
      let trial = try FolderTrial.run(in: folder)
      seen.fileSyncSeconds = trial.fileSyncSeconds
      seen.folderSyncSeconds = trial.folderSyncSeconds
    } catch {
      seen.problem = "\(error)"
    }
    seen.freeBytes = FreeSpace.bytes(at: folder)
    seen.checkpointBytes = newestCheckpoint(of: path)
    return seen
  }

  private func newestCheckpoint(of run: String) -> Int? {
    let store = CheckpointStore(run: run)
    guard let step = try? store.steps().last else { return nil }
    let folder = store.folder(step: step).path
    return try? AtomicFile.names(inFolder: folder).reduce(0) { try $0 + AtomicFile.size(of: "\(folder)/\($1)") }
  }

  func judge(_ seen: [Seen<Observation>]) -> Verdict {
    guard let path else { return Verdict(notChecked: [notChecked("no run is named: --out RUN")]) }
    let (place, run) = (seen[0].place, seen[0].what)
    let folder = run.folder ?? path
    if let problem = run.problem {
      return Verdict(findings: [
        finding(
          "\(place.host), rank 0: \(problem)",
          why:
            "rank 0 writes the run: files that are synced, renamed and linked, so that a checkpoint is whole or not there",
          remedy: "another --out, on a file system that rank 0 may write to (ls -ld \(folder); df -T \(folder))")
      ])
    }
    var verdict = Verdict()
    if !run.hasParent {
      verdict.findings.append(
        finding(
          "\(place.host), rank 0: \(AtomicFile.folderName(of: path)) is not there; the nearest folder that is: \(folder)",
          why: "a training makes it, on the disk of that host if a file system is not mounted",
          remedy: "mount it, or check the path; if it is meant: mkdir -p \(AtomicFile.folderName(of: path))"))
    }
    if let slow = [run.fileSyncSeconds, run.folderSyncSeconds].compactMap(\.self).max(),
      slow > RunFolderCheck.slowSeconds
    {
      verdict.findings.append(
        finding(
          "a sync in \(folder) takes \(Quantity.seconds(slow))",
          why: "a checkpoint makes several, and the next waits for it",
          remedy: "another --out, or fewer checkpoints: --set training.checkpointEvery=N"))
    }
    let needed = run.checkpointBytes.map { 2 * $0 } ?? RunFolderCheck.leastBytes
    if let free = run.freeBytes, free < needed {
      let why =
        run.checkpointBytes.map {
          "the newest checkpoint has \(Quantity.bytes($0)), and the next is written before an old one goes"
        }
        ?? "what a checkpoint takes is not known yet: model and optimizer, 12 bytes a parameter"
      verdict.findings.append(
        finding(
          "\(Quantity.bytes(free)) are free in \(folder)", why: "\(why); a full disk ends a training with 74",
          remedy: "another --out, or make room: at least \(Quantity.bytes(needed)) (df -h \(folder))"))
    } else if run.freeBytes == nil {
      verdict.notChecked = [notChecked("\(folder): the file system does not tell what is free")]
    }
    if let file = run.fileSyncSeconds, let names = run.folderSyncSeconds {
      let free = run.freeBytes.map { ", \(Quantity.bytes($0)) free" } ?? ""
      verdict.remarks = [
        "run: \(folder) written, renamed and linked; a file synced in \(Quantity.seconds(file)), a folder in \(Quantity.seconds(names))\(free)"
      ]
    }
    return verdict
  }
}
