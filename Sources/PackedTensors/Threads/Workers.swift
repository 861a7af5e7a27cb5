import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The compute threads of this process.
///
/// Work is divided by leaves (`SharedLeaves`), by lanes or by sequences. Sums that cross them are formed in the
/// canonical order, so that the number of threads touches no bit. Set once, at the start.
public enum Workers {
  private static let number = Atomic<Int>(1)
  /// Whether somebody has the helpers.
  private static let taken = Atomic<Bool>(false)
  /// The threads beside the caller's, as many as were ever wanted; whoever set `taken` may use them.
  nonisolated(unsafe) private static var helpers: [ComputeThread] = []

  /// How many threads compute.
  public static var count: Int { number.load(ordering: .relaxed) }

  /// Lets `count` threads compute from now on; at least one.
  /// - Returns: how many there are: fewer where the system gives no more.
  @discardableResult
  public static func use(_ count: Int) -> Int {
    precondition(count >= 1, "\(count) threads cannot compute")
    while taken.exchange(true, ordering: .acquiring) { sched_yield() }
    defer { taken.store(false, ordering: .releasing) }
    while helpers.count < count - 1, let thread = ComputeThread() { helpers.append(thread) }
    let given = min(count, helpers.count + 1)
    number.store(given, ordering: .relaxed)
    return given
  }

  /// Calls `body` with `0 ..< pieces`, each once, on all threads.
  ///
  /// Pieces must not touch each other's memory. Returns when all are done.
  public static func forEach(_ pieces: Int, _ body: (Int) -> Void) {
    withTeam(of: pieces) { team in
      guard team.threads > 1 else {
        for piece in 0..<pieces { body(piece) }
        return
      }
      let shared = SharedPieces(pieces, among: team.threads)
      team.run { thread in
        while let piece = shared.next(for: thread) { body(piece) }
      }
    }
  }

  /// Gives `body` the threads, at most `wanted` of them, for as long as it runs.
  ///
  /// Nobody else has them meanwhile: who asks, be it a piece of their work, is a team of one.
  static func withTeam<R>(of wanted: Int, _ body: (Team) throws -> R) rethrows -> R {
    let threads = min(count, wanted)
    guard threads > 1, !taken.exchange(true, ordering: .acquiring) else { return try body(Team(threads: 1)) }
    defer { taken.store(false, ordering: .releasing) }
    return try body(Team(threads: threads))
  }

  /// Threads that work together; one may be alone. Made by ``withTeam(of:_:)``, which has the threads that ``run(_:)``
  /// calls.
  struct Team {
    let threads: Int

    /// Calls `work` with each thread's number, on that thread, but for threads that come too late to be needed: what
    /// they would have done the others must find. Returns when all are done.
    func run(_ work: (_ thread: Int) -> Void) {
      guard threads > 1 else { return work(0) }
      withoutActuallyEscaping(work) { work in
        let works = (1..<threads).map { thread in { work(thread) } }
        works.withUnsafeBufferPointer { works in
          for (index, helper) in helpers[..<(threads - 1)].enumerated() { helper.begin(works.baseAddress! + index) }
          work(0)
          for helper in helpers[..<(threads - 1)] { helper.finish() }
        }
      }
    }
  }
}
