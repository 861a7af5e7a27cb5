import Glibc
import MessagePassing
import PackedTensors
import Synchronization

/// Ends a job in which a rank no longer comes along: MPI itself waits for it for ever.
///
/// On every rank a thread that calls no MPI tells rank 0's by UDP, four times a second, what its rank does
/// (`Activity`); rank 0's answers likewise. When a rank is late by half a limit, rank 0 says which, on which host, at
/// which step and phase, and who waits for it in which call; past the limit every rank that can ends with 76, and the
/// launcher kills the others. A rank that hears nothing more of rank 0 does the same. A rank whose launcher is gone ends
/// by itself. On one rank only the last holds: nobody waits for it.
///
/// Not for defence: datagrams carry a random token, so that another job's are not taken for this one's, and are not
/// encrypted.
public final class Watchdog: Sendable {
  /// The code with which a stalled job ends.
  public static let exitCode: Int32 = 76

  /// The host of each rank.
  public let hosts: [String]

  private let limits: Mutex<WatchdogLimits>
  private let voice: WatchdogVoice
  private let isStopping = Atomic<Bool>(false)
  private let thread: Mutex<BackgroundThread?> = Mutex(nil)

  /// Starts to watch. Collective.
  /// - Parameter limits: until others are set.
  public init(_ communicator: Communicator, limits: WatchdogLimits = WatchdogLimits()) throws(MPIError) {
    self.limits = Mutex(limits)
    let socket = communicator.size > 1 ? DatagramSocket(timeoutSeconds: WatchdogLoop.beatSeconds) : nil
    let addresses = DatagramSocket.addressesOfThisMachine.joined(separator: " ")
    let token = communicator.rank == 0 ? UInt64.random(in: 1...UInt64.max) : 0
    let own = "\(World.hostName)|\(DatagramSocket.port(of: socket))|\(token)|\(addresses)"
    let all = try communicator.allGather(own).map {
      $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    }
    hosts = all.map { $0[0] }
    voice = WatchdogVoice()
    let first = all[0]
    let loop = WatchdogLoop(
      rank: communicator.rank, activity: communicator.activity, hosts: hosts, token: UInt64(first[2]) ?? 0,
      firstRank: first[1] == "0"
        ? [] : first[3].split(separator: " ").compactMap { DatagramSocket.Address("\($0):\(first[1])") },
      launcher: Launcher() == nil ? nil : getppid(), voice: voice)
    let handover = Handover(self, loop: loop, socket: socket)
    let missing = handover.greet()
    if communicator.rank == 0 && !missing.isEmpty {
      voice.say(
        "no datagram (UDP) came from rank \(missing.map(String.init).joined(separator: ", ")): should one stall, it cannot be named, and is noticed late. Is there a firewall?"
      )
    }
    start(handover)
  }

  /// Sets the limits, once the recipe is known.
  public func setLimits(_ new: WatchdogLimits) { limits.withLock { $0 = new } }

  /// Has every sentence that this rank's watchdog says told to `listener` too, on the watchdog's thread; the process may
  /// end right after.
  public func onSentence(_ listener: @escaping @Sendable (String) -> Void) { voice.listen(listener) }

  /// Ends the watch: before the ranks part in order. Takes up to a quarter of a second.
  public func stop() {
    isStopping.store(true, ordering: .relaxed)
    let running = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    running?.wait()
  }

  deinit { isStopping.store(true, ordering: .relaxed) }

  /// What the thread takes with it.
  private final class Handover {
    private var loop: WatchdogLoop
    private let socket: DatagramSocket?
    private weak var watchdog: Watchdog?

    init(_ watchdog: Watchdog, loop: WatchdogLoop, socket: consuming DatagramSocket?) {
      self.watchdog = watchdog
      self.loop = loop
      self.socket = socket
    }

    /// The ranks that do not answer.
    func greet() -> [Int] {
      switch socket {
      case .some(let socket): loop.greet(socket)
      case .none: []
      }
    }

    func run() {
      while let watchdog, !watchdog.isStopping.load(ordering: .relaxed) {
        loop.beat(socket, watchdog.limits.withLock(\.self))
      }
    }
  }

  /// Starts the thread.
  private func start(_ handover: Handover) {
    // The thread has it to itself from here on.
    nonisolated(unsafe) let handover = handover
    let started = BackgroundThread { handover.run() }
    thread.withLock { $0 = started }
  }
}
