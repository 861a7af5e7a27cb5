import Glibc
import MessagePassing

/// How ranks of one machine exchange messages: through files in memory, large ones by one copy from process to process.
struct SharedMemoryCheck: Check {
  struct Observation: Codable, Sendable {
    /// The folder that Open MPI puts its files in; none where it does not use shared memory.
    var folder: String?
    /// Bytes free there.
    var freeBytes: Int?
    /// Whether it can be written.
    var isWritable = false
    var singleCopy = SingleCopy.needless
  }

  /// Whether one process may read another's memory.
  enum SingleCopy: String, Codable, Sendable {
    /// It may.
    case works
    /// The system refuses.
    case refused
    /// Open MPI was told to do without.
    case off
    /// There is no other rank on the machine.
    case needless
    /// The system has no such call.
    case unknown
  }

  static let name: StaticString = "shared memory"
  /// Open MPI's segment of each rank: btl_vader_segment_size.
  static let segmentBytes = 4 << 20

  func observe(_ world: Surroundings) throws -> Observation {
    let neighbours = world.places.filter { $0.node == world.own.node }.map(\.rank)
    let setting = { Launcher.environmentVariable("OMPI_MCA_" + $0) }
    var seen = Observation()
    seen.singleCopy = try SharedMemoryCheck.singleCopy(world, neighbours)
    guard neighbours.count > 1, Self.usesSharedMemory(transports: setting("btl")) else {
      seen.singleCopy = .needless
      return seen
    }
    let folder = setting("btl_vader_backing_directory") ?? "/dev/shm"
    seen.folder = folder
    seen.isWritable = access(folder, W_OK | X_OK) == 0
    seen.freeBytes = FreeSpace.bytes(at: folder)
    if setting("btl_vader_single_copy_mechanism") == "none" { seen.singleCopy = .off }
    return seen
  }

  /// Whether Open MPI's list of transports, as in `self,tcp` or `^vader`, leaves shared memory in.
  static func usesSharedMemory(transports: String?) -> Bool {
    guard let transports else { return true }
    let isExclusion = transports.hasPrefix("^")
    let names = transports.drop { $0 == "^" }.split(separator: ",")
    return names.contains { $0 == "vader" || $0 == "sm" } != isExclusion
  }

  func facts(_ seen: Observation) -> [Fact] {
    [
      Fact(
        title: seen.folder.map { "\($0) free" } ?? "/dev/shm free",
        value: seen.folder == nil ? "-" : seen.freeBytes.map(Quantity.bytes) ?? "?", isOfHost: true),
      Fact(title: "single copy", value: seen.singleCopy == .needless ? "-" : seen.singleCopy.rawValue, isOfHost: true),
    ]
  }

  func judge(_ seen: [Seen<Observation>]) -> Verdict {
    var verdict = Verdict()
    for ranks in seen.byHost() {
      let host = ranks[0].place.host
      guard ranks.count > 1, let folder = ranks[0].what.folder else { continue }
      let needed = ranks.count * SharedMemoryCheck.segmentBytes
      if let shut = ranks.first(where: { !$0.what.isWritable }) {
        verdict.findings.append(
          finding(
            "\(host): rank \(shut.place.rank) cannot write to \(folder)",
            why: "Open MPI keeps its messages between ranks of a host in files there, or else on a disk, slowly",
            remedy: "docker run --ipc=host or --shm-size=1g; export OMPI_MCA_btl_vader_backing_directory=/tmp"))
      } else if let free = ranks[0].what.freeBytes, free < needed {
        verdict.findings.append(
          finding(
            "\(host) has \(Quantity.bytes(free)) free in \(folder); \(ranks.count) ranks need \(Quantity.bytes(needed)) there",
            why:
              "Open MPI fills 4 MiB a rank there as messages pass: a rank that finds no room may end with a bus error",
            remedy:
              "docker run --shm-size=1g or --ipc=host; remove what dead jobs left (ls \(folder)); or export OMPI_MCA_btl_vader_backing_directory=/tmp"
          ))
      }
      if ranks.contains(where: { $0.what.singleCopy == .refused }) {
        verdict.findings.append(
          finding(
            "\(host): the system refuses process_vm_readv between ranks, as containers do",
            why: "Open MPI takes it for granted for large messages, and each then fails first (Read -1, expected …)",
            remedy:
              "export OMPI_MCA_btl_vader_single_copy_mechanism=none (launch/run does), or docker run --cap-add=SYS_PTRACE"
          ))
      }
      if ranks.contains(where: { $0.what.singleCopy == .unknown }) {
        verdict.notChecked.append(
          notChecked("\(host): the C library has no process_vm_readv to try single copies with"))
      }
    }
    return verdict
  }

  /// Reads eight bytes of the next rank on this machine, which has allowed it while MPI started if need be. Collective.
  private static func singleCopy(_ world: Surroundings, _ neighbours: [Int]) throws -> SingleCopy {
    func mark(_ rank: Int) -> UInt64 { 0x6C6F_636B_7374_6570 ^ UInt64(rank) }
    let own = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    own.initialize(to: mark(world.own.rank))
    defer { own.deallocate() }
    let all = try world.communicator.allGather([Int64(getpid()), Int64(Int(bitPattern: own))])
    let index = neighbours.firstIndex(of: world.own.rank) ?? 0
    let peer = neighbours[(index + 1) % neighbours.count]
    let value = read(process: pid_t(all[peer][0]), address: Int(all[peer][1]))
    try world.communicator.barrier()  // until then everybody's bytes stay where they are
    guard neighbours.count > 1 else { return .needless }
    return value.map { $0 == mark(peer) ? .works : .refused } ?? .unknown
  }

  /// Eight bytes of another process by process_vm_readv(2), which Glibc's module shows only to GNU sources: 0 where the
  /// system refuses, nil where there is no such call.
  private static func read(process: pid_t, address: Int) -> UInt64? {
    typealias Call = @convention(c) (pid_t, UnsafePointer<iovec>, UInt, UnsafePointer<iovec>, UInt, UInt) -> Int
    guard let symbol = dlsym(nil, "process_vm_readv") else { return nil }
    var copy: UInt64 = 0
    let size = MemoryLayout<UInt64>.size
    return withUnsafeMutableBytes(of: &copy) { bytes in
      var local = iovec(iov_base: bytes.baseAddress, iov_len: size)
      var remote = iovec(iov_base: UnsafeMutableRawPointer(bitPattern: address), iov_len: size)
      let count = unsafeBitCast(symbol, to: Call.self)(process, &local, 1, &remote, 1, 0)
      return count == size ? bytes.load(as: UInt64.self) : 0
    }
  }
}
