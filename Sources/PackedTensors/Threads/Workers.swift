import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The compute threads of this process.
///
/// Work is divided by lanes, as it is among ranks: whatever crosses timesteps stays within a lane, on one thread, in the
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
  /// A thread begins with a contiguous part, as a rank does: the plan balances these. Whichever is done takes what others
  /// have left. (One queue for all: 1.62 times one thread on two cores, where the last lane was often the longest.)
  /// Pieces must not touch each other's memory. Returns when all are done.
  public static func forEach(_ pieces: Int, _ body: (Int) -> Void) {
    let threads = min(count, pieces)
    // While others work, called from a piece of their work or beside it, this thread works alone.
    guard threads > 1, !taken.exchange(true, ordering: .acquiring) else {
      for piece in 0..<pieces { body(piece) }
      return
    }
    defer { taken.store(false, ordering: .releasing) }
    let parts = (0..<threads).map { Part($0 * pieces / threads..<($0 + 1) * pieces / threads) }
    onThreads(threads) { thread in
      for turn in 0..<threads {
        let part = parts[(thread + turn) % threads]
        while let piece = part.next() { body(piece) }
      }
    }
  }

  /// Calls `body` with each thread's number, on that thread, but for threads that come too late to be needed. Only whoever
  /// set `taken` may call it.
  private static func onThreads(_ threads: Int, _ body: (_ thread: Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      let works = (1..<threads).map { thread in { body(thread) } }
      works.withUnsafeBufferPointer { works in
        for (index, helper) in helpers[..<(threads - 1)].enumerated() { helper.begin(works.baseAddress! + index) }
        body(0)
        for helper in helpers[..<(threads - 1)] { helper.finish() }
      }
    }
  }

  /// Pieces that lie together, of which each is given out once.
  private final class Part: Sendable {
    private let taken: Atomic<Int>
    private let end: Int

    init(_ pieces: Range<Int>) {
      taken = Atomic(pieces.lowerBound)
      end = pieces.upperBound
    }

    func next() -> Int? {
      let piece = taken.add(1, ordering: .relaxed).oldValue
      return piece < end ? piece : nil
    }
  }
}

extension RaggedLayout {
  /// Visits every carried lane, on all threads.
  func forEachLane(_ body: (_ lane: Int) -> Void) { Workers.forEach(carriedLanes, body) }

  /// All rows of a carried lane, which lie together.
  func rows(ofLane lane: Int) -> Range<Int> { offsets[laneBounds[lane]]..<offsets[laneBounds[lane + 1]] }
}

extension LaneSums {
  /// Gives all lanes' sums to `body`, so that threads can add to lanes of their own; lane `l` begins at `l·count`.
  mutating func withAllLanes<R>(_ body: (UnsafeMutablePointer<Double>) throws -> R) rethrows -> R {
    try values.withUnsafeMutableBufferPointer { buffer in
      // An empty one has no address; nothing will be written there.
      try body(buffer.baseAddress ?? UnsafeMutablePointer(bitPattern: 8)!)
    }
  }
}
