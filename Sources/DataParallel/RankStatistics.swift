import MessagePassing
import Networks
import PackedTensors

/// Statistics shared by all ranks: each folds its own lanes, and ``CanonicalSum`` completes the tree. One rank calls no
/// MPI.
public final class RankStatistics: SharedStatistics {
  private let sum: CanonicalSum
  private let dropped: Bool
  private let leaves: [LaneTree.Node]

  /// - Parameters:
  ///   - sum: completes the tree; may be shared with others on this thread that call in the same order on all ranks.
  ///   - faultInjection: for tests only.
  public init(sum: CanonicalSum, faultInjection: FaultInjection = .none) {
    self.sum = sum
    dropped = faultInjection == .statistics(rank: sum.communicator.rank)
    leaves = TreeFold.leaves(sum.carriedLanes)
  }

  /// Sums over all lanes of all ranks, in the canonical order.
  /// - Parameter laneSums: `[carried lanes × count]`, row-major: each carried lane's own sums, +0 for an empty lane.
  /// - Returns: `[count]`, the same bits on every rank.
  public func reduce(_ laneSums: [Double], count: Int) throws -> [Double] {
    precondition(
      laneSums.count == leaves.count * count, "\(leaves.count) lanes of \(count) are not \(laneSums.count) values")
    guard count > 0 else { return [] }
    var partials = laneSums
    var subtrees: [(node: LaneTree.Node, row: Int)] = []
    partials.withUnsafeMutableBufferPointer { rows in
      guard let base = rows.baseAddress else { return }
      if dropped { Double.clear(base, count: rows.count) }
      subtrees = TreeFold.fold(base, nodes: leaves, count: count, stride: count)
      // Subtrees' rows move together at the front; each moves towards it, in order, so none is overwritten before it
      // moves.
      for (target, subtree) in subtrees.enumerated() where subtree.row != target {
        (base + target * count).update(from: base + subtree.row * count, count: count)
      }
    }
    partials.removeLast(partials.count - subtrees.count * count)
    return try sum.reduce(partials, count: count)
  }

  /// All ranks' values in the order of their lanes, which is that of ranks.
  public func gather(_ own: [Float]) throws -> (all: [Float], own: Range<Int>) {
    let gather = { [sum] () throws(MPIError) in try sum.communicator.allGather(own) }
    let ofRanks = try sum.clock?.call(gather) ?? gather()
    let first = ofRanks.prefix(sum.communicator.rank).reduce(0) { $0 + $1.count }
    return (Array(ofRanks.joined()), first..<first + own.count)
  }
}
