import ArrayFiles
import Glibc

/// Limits of the process that jobs run into.
struct LimitsCheck: Check {
  struct Observation: Codable, Sendable {
    /// Files that the process may have open.
    var openFiles: Int
    /// Bytes that it may lock in memory; none for no limit.
    var lockedBytes: Int?
    /// Whether the machine has InfiniBand or the like, whose drivers lock memory.
    var hasInfiniband: Bool
  }

  static let name: StaticString = "limits"
  /// Bytes that a rank should be able to lock where InfiniBand sends from them.
  static let lockedBytes = 1 << 30

  /// Files and sockets that a rank may need: one for each other rank, and room (two ranks over TCP had 18 open each).
  static func openFiles(ranks: Int) -> Int { 128 + ranks }

  func observe(_ world: Surroundings) -> Observation {
    let locked = SystemText.words(after: "Max locked memory", inFile: "/proc/self/limits")?.first.flatMap { Int($0) }
    var limit = rlimit()
    let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    return Observation(
      openFiles: isKnown ? Int(clamping: limit.rlim_cur) : Int.max, lockedBytes: locked,
      hasInfiniband: AtomicFile.exists("/dev/infiniband"))
  }

  func facts(_ seen: Observation) -> [Fact] {
    [Fact(title: "open files", value: seen.openFiles == Int.max ? "unlimited" : "\(seen.openFiles)", isOfHost: true)]
  }

  func judge(_ seen: [Seen<Observation>]) -> Verdict {
    var verdict = Verdict()
    let needed = LimitsCheck.openFiles(ranks: seen.count)
    let few = seen.filter { $0.what.openFiles < needed }
    if let first = few.first {
      verdict.findings.append(
        finding(
          "\(few.words()) may have \(first.what.openFiles) files open; \(seen.count) ranks may need \(needed)",
          why: "a rank holds a connection to every rank on another host; without it the job hangs or ends",
          remedy: "ulimit -n \(max(1024, needed)) before mpirun, on other hosts in /etc/security/limits.conf"))
    }
    let locked = seen.filter {
      $0.what.hasInfiniband && $0.what.lockedBytes.map { $0 < LimitsCheck.lockedBytes } ?? false
    }
    if let first = locked.first {
      verdict.findings.append(
        finding(
          "\(locked.words()) may lock \(Quantity.bytes(first.what.lockedBytes ?? 0)) of memory",
          why: "InfiniBand locks the buffers that it sends from, and Open MPI falls back on TCP without",
          remedy: "ulimit -l unlimited, on all hosts (/etc/security/limits.conf: * - memlock unlimited)"))
    }
    return verdict
  }
}
