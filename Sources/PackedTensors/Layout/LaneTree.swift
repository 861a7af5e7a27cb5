/// The balanced binary tree over lanes in which every sum of a step is formed.
///
/// A lane is a virtual rank: the recipe fixes their number L (a power of two), whatever the number of ranks. The tree's
/// leaves are the lanes in order; a node of level `l` covers `2^l` of them, from a multiple of `2^l`.
public enum LaneTree {
  /// An aligned subtree: lanes `first ..< first + count`, where `count` is a power of two that divides `first`.
  public struct Node: Hashable, Sendable {
    /// The first lane below this node.
    public let first: Int
    /// The number of lanes below this node.
    public let count: Int

    /// A node; `count` must be a power of two that divides `first`.
    public init(first: Int, count: Int) {
      precondition(count > 0 && count & (count - 1) == 0, "a node covers a power of two of lanes, not \(count)")
      precondition(first >= 0 && first % count == 0, "a node of \(count) lanes cannot begin at lane \(first)")
      self.first = first
      self.count = count
    }

    /// The lanes below this node.
    public var lanes: Range<Int> { first..<first + count }
  }

  /// The lanes that rank `rank` of `ranks` carries: `[rank·L/P, (rank+1)·L/P)`, rounded down.
  public static func lanes(ofRank rank: Int, of ranks: Int, lanes: Int) -> Range<Int> {
    precondition(ranks > 0 && rank >= 0 && rank < ranks, "rank \(rank) is not one of \(ranks) ranks")
    precondition(ranks <= lanes, "\(ranks) ranks cannot share \(lanes) lanes")
    return rank * lanes / ranks..<(rank + 1) * lanes / ranks
  }

  /// The largest aligned subtrees that together cover `range`, in lane order. At most `2·log2(L)` of them.
  public static func nodes(covering range: Range<Int>) -> [Node] {
    var nodes: [Node] = []
    var first = range.lowerBound
    while first < range.upperBound {
      var count = 1
      while first % (2 * count) == 0 && first + 2 * count <= range.upperBound { count *= 2 }
      nodes.append(Node(first: first, count: count))
      first += count
    }
    return nodes
  }
}
