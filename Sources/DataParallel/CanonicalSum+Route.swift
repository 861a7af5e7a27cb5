import PackedTensors

extension CanonicalSum {
  /// How a sum travels between ranks, for those who reckon with what it costs.
  public enum Route: Equatable, Sendable {
    /// MPI's all-reduce of so many bytes, by halving and doubling.
    case allReduce(bytes: Int)
    /// Every rank gathers all nodes' rows: so many bytes altogether.
    case gather(bytes: Int)
    /// Each rank is sent its slice of all nodes' rows, `sent` bytes altogether from or to one rank, and gathers the sums
    /// of all slices, `gathered` bytes.
    case slices(sent: Int, gathered: Int)
  }

  /// The route that ``reduce(_:count:stride:)`` and ``GradientReducer`` take, where MPI's sums are the tree's.
  /// - Parameters:
  ///   - count: elements of a row.
  ///   - elementBytes: bytes of an element.
  ///   - ranks: more than one.
  ///   - lanes: a power of two, at least the number of ranks.
  public static func route(count: Int, elementBytes: Int, ranks: Int, lanes: Int) -> Route {
    let bytes = count * elementBytes
    if isReducedByMPI(count: count, ranks: ranks) { return .allReduce(bytes: bytes) }
    let nodes = TreeFold.nodesOfAll(ranks: ranks, lanes: lanes).reduce(0) { $0 + $1.count }
    if isGatheredWhole(nodes: nodes, count: count, bytes: bytes, ranks: ranks) { return .gather(bytes: nodes * bytes) }
    return .slices(sent: nodes * bytes / ranks, gathered: bytes)
  }

  /// Whether MPI completes the tree of a sum of `count` elements, where its sums are the tree's.
  public static func isReducedByMPI(count: Int, ranks: Int) -> Bool {
    ranks & (ranks - 1) == 0 && hasElementsForHalving(count: count, ranks: ranks)
  }

  /// Below one element a rank Open MPI's algorithms by halving hand over to a linear one, which is no tree from four
  /// ranks on.
  static func hasElementsForHalving(count: Int, ranks: Int) -> Bool { ranks == 2 || count >= ranks }
}
