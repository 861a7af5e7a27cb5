import MessagePassing
import PackedTensors

/// Completes the balanced tree over lanes across ranks: the same bits for every number of ranks up to the number of
/// lanes.
///
/// A rank gives the sums of the maximal aligned subtrees of its lanes (``nodes``). Where the ranks are a power of two,
/// each has one node, and MPI's all-reduce by halving and doubling forms exactly the tree that is left; the first call
/// of each kind and count makes sure of it (`SelfTest`). Otherwise, and where that test fails, the ranks exchange
/// their nodes' sums and add them in tree order themselves.
///
/// Owned by one thread. Every rank makes the same calls in the same order.
public final class CanonicalSum {
  /// The ranks.
  public let communicator: Communicator
  /// The number of lanes L.
  public let lanes: Int
  /// The lanes that this rank carries.
  public let carriedLanes: Range<Int>
  /// This rank's maximal aligned subtrees, in lane order: the rows that it gives.
  public let nodes: [LaneTree.Node]
  /// Times blocking calls, where somebody wants to know.
  let clock: CommunicationClock?

  let nodesOfAllRanks: [[LaneTree.Node]]
  let selfTest: SelfTest
  let scratch = Scratch()

  /// - Parameters:
  ///   - communicator: used by nobody else while a call is under way.
  ///   - lanes: a power of two, at least the number of ranks.
  ///   - clock: times blocking calls.
  ///   - exchange: tests choose ``Exchange/own`` to see the ranks' own exchange where MPI's would do.
  public init(
    communicator: Communicator, lanes: Int, clock: CommunicationClock? = nil, exchange: Exchange = .automatic
  ) {
    precondition(lanes > 0 && lanes & (lanes - 1) == 0, "the number of lanes must be a power of two, not \(lanes)")
    precondition(communicator.size <= lanes, "\(communicator.size) ranks cannot share \(lanes) lanes")
    self.communicator = communicator
    self.lanes = lanes
    self.clock = clock
    carriedLanes = LaneTree.lanes(ofRank: communicator.rank, of: communicator.size, lanes: lanes)
    nodes = LaneTree.nodes(covering: carriedLanes)
    nodesOfAllRanks = TreeFold.nodesOfAll(ranks: communicator.size, lanes: lanes)
    let powerOfTwo = communicator.size & (communicator.size - 1) == 0
    selfTest = SelfTest(communicator: communicator, possible: powerOfTwo && exchange == .automatic)
  }

  /// Who completes the tree.
  public enum Exchange: Sendable {
    /// MPI where its result is the tree's, else the ranks' own exchange.
    case automatic
    /// The ranks' own exchange.
    case own
  }

  /// Messages up to this many bytes (all nodes together) are gathered whole on every rank; longer ones are divided into
  /// slices, one for each rank. Below it latency counts, above it bytes.
  static let gatherLimitBytes = 1 << 16

  /// Whether the ranks' own exchange gathers all rows whole: of `nodes` subtrees, `bytes` each.
  static func isGatheredWhole(nodes: Int, count: Int, bytes: Int, ranks: Int) -> Bool {
    nodes * bytes <= gatherLimitBytes || count < ranks
  }

  /// Replaces row 0 by the sum over all lanes of all ranks. The other rows are overwritten.
  ///
  /// - Parameters:
  ///   - rows: `[nodes, count]`, this rank's subtree sums, one row after another at distance `stride`.
  ///   - count: elements of a row, the same on all ranks.
  ///   - stride: elements from one row's start to the next; `count` if nil.
  public func reduce<Element: SummedElement>(
    _ rows: UnsafeMutablePointer<Element>, count: Int, stride: Int? = nil
  ) throws(MPIError) {
    guard communicator.size > 1, count > 0 else { return }
    guard let clock else { return try complete(rows, count: count, stride: stride ?? count) }
    try clock.call { () throws(MPIError) in try complete(rows, count: count, stride: stride ?? count) }
  }

  private func complete<Element: SummedElement>(
    _ rows: UnsafeMutablePointer<Element>, count: Int, stride: Int
  ) throws(MPIError) {
    if try selfTest.passes(Element.self, count: count, call: .blocking) {
      try communicator.allReduce(UnsafeMutableBufferPointer(start: rows, count: count), .sum)
    } else {
      try exchange(rows, count: count, stride: stride)
    }
  }

  /// The sum over all lanes of all ranks of `[nodes × count]` subtree sums: `[count]`, the same bits on every rank.
  public func reduce<Element: SummedElement>(
    _ partials: [Element], count: Int
  ) throws(MPIError) -> [Element] {
    precondition(
      partials.count == nodes.count * count, "\(nodes.count) nodes of \(count) are not \(partials.count) values")
    var rows = partials
    try rows.withUnsafeMutableBufferPointer { buffer throws(MPIError) in
      if let base = buffer.baseAddress { try reduce(base, count: count) }
    }
    rows.removeLast(rows.count - count)
    return rows
  }

  /// Whether MPI's own sums complete the tree for so many elements, found out by the self-test; else the ranks' own
  /// exchange does. Collective at the first use of each count and call.
  /// - Parameter nonblocking: MPI_Iallreduce rather than MPI_Allreduce.
  public func isCompletedByMPI<Element: SummedElement>(
    _ type: Element.Type, count: Int, nonblocking: Bool
  ) throws(MPIError) -> Bool {
    try selfTest.passes(type, count: count, call: nonblocking ? .nonblocking : .blocking)
  }

  /// Runs the self-test of blocking calls for these counts now rather than at their first use.
  public func prepare<Element: SummedElement>(
    _ type: Element.Type, counts: [Int]
  ) throws(MPIError) {
    for count in counts where count > 0 && communicator.size > 1 {
      _ = try selfTest.passes(type, count: count, call: .blocking)
    }
  }
}
