import ArrayFiles
import FoundationEssentials
import Glibc

/// The right of one job to write to a RUN, and the fence against jobs that had it before.
///
/// Each job that writes makes the next file of `RUN/attempts/00000001.json`, `00000002.json`, …: by a hard link, which
/// one of two jobs gets, on network file systems too. The newest attempt holds the run. Before anything is published
/// its holder looks whether a newer one is there: then it was taken for dead, and must not write any more.
///
/// An attempt lives while its process does, where that can be seen (same host), and elsewhere while its file's time of
/// modification moves, which its holder sees to every two seconds. One supervised job's attempts carry its name, and the
/// next takes the run over at once: the supervisor has seen the end of the one before.
public final class RunLock: Sendable {
  /// Who holds, or held, a run.
  public struct Holder: Codable, Sendable, Equatable {
    /// The number of the attempt, from 1.
    public var attempt: Int
    /// The host of rank 0.
    public var host: String
    /// The process of rank 0.
    public var process: Int32
    /// When that process started, in the kernel's ticks since boot, so that a process number used again is told apart.
    var processStart: String
    /// The host's boot.
    var boot: String
    /// The supervised job, where there is one.
    var job: String?
    /// Whether the attempt ended in order.
    var hasEnded = false

    /// The attempt's number as it stands in names of files: `00000003`.
    public var name: String { attempt.eightDigits }

    var words: String { "attempt \(attempt), process \(process) on \(host)" }
  }

  /// This job's entry.
  public let holder: Holder
  private let folder: String
  private let heartbeat: Heartbeat

  private init(_ holder: Holder, folder: String) {
    self.holder = holder
    self.folder = folder
    heartbeat = Heartbeat(path: RunLock.path(holder.attempt, in: folder))
  }

  /// Takes the run, or says who holds it.
  ///
  /// - Parameters:
  ///   - run: the run's folder, which is there.
  ///   - host: this host's name.
  ///   - job: the supervised job to which this attempt belongs.
  ///   - observe: called once where another host's attempt has to be watched for ten seconds.
  /// - Throws: ``RunLockError/held(run:holder:)`` where another job lives; `FileError`.
  public static func take(
    run: String, host: String, job: String?, observe: (String) -> Void
  ) throws -> RunLock {
    let folder = run + "/attempts"
    try AtomicFile.createFolder(folder)
    var own = Holder(
      attempt: 0, host: host, process: getpid(), processStart: startOfProcess(getpid()) ?? "", boot: boot, job: job)
    while true {
      let attempts = try attempts(in: folder)
      let newest = attempts.last
      if let newest, let other = try holder(newest, in: folder),
        isAlive(other, path: path(newest, in: folder), job: job, own: own, observe: observe)
      {
        throw RunLockError.held(run: run, holder: other)
      }
      own.attempt = (newest ?? 0) + 1
      if try create(own, in: folder) {
        for old in attempts.dropLast(20) { try AtomicFile.remove(path(old, in: folder)) }
        return RunLock(own, folder: folder)
      }
      // Another job was quicker: look at it.
    }
  }

  /// Has something done every two seconds for as long as the run is held, on the thread that shows that this job lives.
  public func whileHeld(_ body: @escaping @Sendable () -> Void) { heartbeat.onBeat(body) }

  /// Throws ``RunLockError/overtaken(run:by:)`` where a newer attempt has taken the run.
  public func check() throws(RunLockError) {
    let next = RunLock.path(holder.attempt + 1, in: folder)
    guard AtomicFile.exists(next) else { return }
    let other = (try? RunLock.holder(holder.attempt + 1, in: folder)) ?? nil
    throw .overtaken(run: AtomicFile.folderName(of: folder), by: other?.words ?? "attempt \(holder.attempt + 1)")
  }

  /// Gives the run free.
  public func release() throws(FileError) {
    heartbeat.stop()
    var ended = holder
    ended.hasEnded = true
    try AtomicFile.write(Array(StableJSON.encode(ended)), to: RunLock.path(holder.attempt, in: folder))
  }

  // MARK: The files

  private static func path(_ attempt: Int, in folder: String) -> String {
    "\(folder)/\(attempt.eightDigits).json"
  }

  private static func attempts(in folder: String) throws(FileError) -> [Int] {
    try AtomicFile.names(inFolder: folder).compactMap { name in
      name.hasSuffix(".json") ? Int(name.dropLast(5)) : nil
    }.sorted()
  }

  /// Makes the file of an attempt with its content; false where it is there already.
  private static func create(_ holder: Holder, in folder: String) throws(FileError) -> Bool {
    let place = path(holder.attempt, in: folder)
    // A name by chance, because the process's number is not one's own: another host may have the same one, and then
    // one job would publish the other's content, or find its file taken away.
    let temporary = AtomicFile.temporaryPath(for: "\(place).\(UInt64.random(in: 0...(.max)))")
    try AtomicFile.write(Array(StableJSON.encode(holder)), to: temporary)
    defer { unlink(temporary) }
    if link(temporary, place) == 0 {
      try AtomicFile.syncFolder(folder)
      return true
    }
    guard errno == EEXIST else {
      throw FileError.inputOutput(path: place, operation: "link", code: errno)
    }
    return false
  }

  /// What an attempt's file says; nil where it cannot be read, which no living job's is.
  private static func holder(_ attempt: Int, in folder: String) throws(FileError) -> Holder? {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try AtomicFile.read(path(attempt, in: folder), limit: 1 << 16)
    } catch {
      if case .inputOutput = error { throw error }
      return nil
    }
    return try? JSONDecoder().decode(Holder.self, from: Data(bytes))
  }

  // MARK: Life and death

  private static func isAlive(
    _ other: Holder, path: String, job: String?, own: Holder, observe: (String) -> Void
  ) -> Bool {
    if other.hasEnded { return false }
    if let job, other.job == job { return false }
    if other.host == own.host && other.boot == own.boot {
      return startOfProcess(other.process) == other.processStart
    }
    guard let before = modification(path) else { return false }
    observe("\(path): \(other.words) may still be writing; watching it for \(Heartbeat.observationSeconds) s")
    for _ in 0..<Heartbeat.observationSeconds * 2 {
      usleep(500_000)
      if modification(path) != before { return true }
    }
    return false
  }

  private static func modification(_ path: String) -> [Int]? {
    // Opened, not only looked at: network file systems then ask the server.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    return [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
  }

  /// Field 22 of /proc/PID/stat; nil where no such process is, or only its remains that nobody has waited for.
  private static func startOfProcess(_ process: Int32) -> String? {
    guard let text = text("/proc/\(process)/stat"), let name = text.lastIndex(of: ")") else { return nil }
    let fields = text[name...].split(separator: " ")
    guard fields.count > 20, !["Z", "X"].contains(fields[1]) else { return nil }
    return String(fields[20])
  }

  private static var boot: String {
    text("/proc/sys/kernel/random/boot_id").map { String($0.prefix { $0 != "\n" }) } ?? ""
  }

  /// A file of /proc, whose size is told as 0.
  private static func text(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &buffer, buffer.count)
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}

/// A run that this job may not write to. Ends the job with 64: to start again would not help.
public enum RunLockError: Error, Equatable, CustomStringConvertible {
  /// Another job is writing to it.
  case held(run: String, holder: RunLock.Holder)
  /// Another job has taken it since.
  case overtaken(run: String, by: String)

  /// The sentence that is shown.
  public var description: String {
    switch self {
    case .held(let run, let holder):
      "\(run) is being written by \(holder.words); wait for it, end it (kill -USR1 \(holder.process) on \(holder.host)), or choose another --out"
    case .overtaken(let run, let other):
      "\(run) was taken over by \(other), which took this job for dead; this job ends without writing any more"
    }
  }
}
