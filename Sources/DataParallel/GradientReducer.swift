import MessagePassing
import Networks
import PackedTensors
import Tracing

/// Sums the gradient arena over all ranks while backward goes on.
///
/// Layers report finished ranges; when about 1 MiB has come together (``GradientBuckets``) its reduction starts, in
/// place, on a communicator of its own. ``poll()`` moves it along (MPI has no thread that would), ``wait()``
/// completes all and leaves the totals in node 0's row. Which ranges come together depends on the model alone, so that
/// every rank makes the same calls; and how they are divided does not touch a bit, since every element has the same
/// tree.
///
/// Without overlap, and where MPI does not form the tree by itself (ranks not a power of two), all is reduced in
/// ``wait()``. Owned by one thread. The arena must stay in place until ``wait()`` returns.
public final class GradientReducer: GradientSink {
  /// Seconds of the step's thread spent in starting, polling and waiting since ``begin()``.
  public private(set) var exposedSeconds = 0.0
  /// Bytes that one reduction carries, about.
  public static let bucketBytes = 1 << 20
  /// The first bucket is smaller, so that communication begins early.
  public static let firstBucketBytes = 1 << 18

  private let sum: CanonicalSum
  private let arena: UnsafeMutablePointer<Float>
  private let parameters: Int
  private let overlap: Bool
  private let dropped: Bool

  private var buckets: GradientBuckets
  private var running: [(reduction: PendingReduction, flight: OpenSpan?)] = []
  private var blocking: [Range<Int>] = []

  /// - Parameters:
  ///   - communicator: duplicated, for gradients alone. Collective.
  ///   - lanes: the number of lanes L.
  ///   - arena: `[nodes, parameters]`, node-major: row n is the gradient of this rank's node n, as in
  ///     ``CanonicalSum/nodes``.
  ///   - parameters: elements of a row.
  ///   - overlap: false reduces everything in ``wait()``; the bits are the same.
  ///   - bucketBytes: bytes that one reduction carries, about; a longer range is divided.
  ///   - firstBucketBytes: the same for the first of a step.
  ///   - exchange: who completes the tree; tests choose ``CanonicalSum/Exchange/own``.
  ///   - faultInjection: for tests only.
  public init(
    communicator: Communicator, lanes: Int, arena: UnsafeMutablePointer<Float>, parameters: Int, overlap: Bool = true,
    bucketBytes: Int = GradientReducer.bucketBytes, firstBucketBytes: Int = GradientReducer.firstBucketBytes,
    exchange: CanonicalSum.Exchange = .automatic, faultInjection: FaultInjection = .none
  ) throws(MPIError) {
    sum = CanonicalSum(communicator: try communicator.duplicate(), lanes: lanes, exchange: exchange)
    self.arena = arena
    self.parameters = parameters
    self.overlap = overlap
    dropped = faultInjection == .gradients(rank: communicator.rank)
    buckets = GradientBuckets(bucketBytes: bucketBytes, firstBucketBytes: firstBucketBytes)
  }

  /// This rank's nodes: the rows of the arena.
  public var nodes: [LaneTree.Node] { sum.nodes }

  /// Opens a step. Nothing of the last may be outstanding.
  public func begin() {
    precondition(running.isEmpty && blocking.isEmpty, "the last step was not waited for")
    buckets.begin()
    exposedSeconds = 0
  }

  /// The elements `range` of every row are complete.
  public func finished(_ range: Range<Int>) throws {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= parameters, "\(range) is not within \(parameters) parameters")
    if dropped {
      for row in nodes.indices { Float.clear(arena + row * parameters + range.lowerBound, count: range.count) }
    }
    guard sum.communicator.size > 1, !range.isEmpty else { return }
    buckets.add(range)
    if overlap && buckets.isFull {
      try timed { () throws(MPIError) in try startCollected() }
    }
  }

  /// Moves the outstanding reductions along. Complexity: about a microsecond for each.
  public func poll() throws {
    guard !running.isEmpty else { return }
    try timed { () throws(MPIError) in try progress() }
  }

  /// Completes all reductions: afterwards row 0 holds, in every reported range, the sum over all lanes of all ranks.
  public func wait() throws {
    guard sum.communicator.size > 1 else { return }
    try timed { () throws(MPIError) in
      try startCollected()
      for (reduction, flight) in running {
        try reduction.wait()
        flight?.end()
      }
      running.removeAll()
      for range in blocking { try sum.reduce(arena + range.lowerBound, count: range.count, stride: parameters) }
      blocking.removeAll()
    }
  }

  /// Hands what has come together over: to MPI at once, or to ``wait()``.
  private func startCollected() throws(MPIError) {
    for piece in buckets.take() {
      let nonblocking = overlap ? try sum.selfTest.passes(Float.self, count: piece.count, call: .nonblocking) : false
      if nonblocking {
        let flight = sum.communicator.activity.timeline.ifOn?.begin(
          .flight, "gradients", number: piece.count * MemoryLayout<Float>.stride)
        running.append(
          (
            try sum.communicator.startAllReduce(
              UnsafeMutableBufferPointer(start: arena + piece.lowerBound, count: piece.count), .sum), flight
          ))
      } else {
        blocking.append(piece)
      }
    }
  }

  private func progress() throws(MPIError) {
    var outstanding: [(reduction: PendingReduction, flight: OpenSpan?)] = []
    for one in running {
      if try one.reduction.test() { one.flight?.end() } else { outstanding.append(one) }
    }
    running = outstanding
  }

  private func timed(_ body: () throws(MPIError) -> Void) throws(MPIError) {
    let start = ContinuousClock.now
    defer { exposedSeconds += (ContinuousClock.now - start) / .seconds(1) }
    try body()
  }
}
