import PackedTensors

/// Adds rows in the order of the balanced tree over lanes. Pure and local: what the ranks do together equals this.
public enum TreeFold {
  /// Adds the rows of sibling nodes until none are left: the maximal aligned subtrees of the lanes that `nodes` cover.
  ///
  /// The rows of `nodes` lie one after another at distance `stride`; the sum of a subtree is left in the row of its
  /// first node. Every row takes part, also that of an empty lane: -0 + +0 = +0, whoever carries the empty lane.
  /// - Parameters:
  ///   - rows: `[nodes, count]` with distance `stride` from row to row; overwritten.
  ///   - nodes: adjacent nodes in lane order, as of one rank or of all ranks.
  ///   - count: elements of a row.
  ///   - stride: elements from one row's start to the next, at least `count`.
  /// - Returns: the subtrees, and which row holds each. One, in row 0, where `nodes` cover all lanes.
  ///
  /// Complexity: at most `(nodes - 1) · count` additions; two reads and one write each.
  @discardableResult
  public static func fold<Element: SummedElement>(
    _ rows: UnsafeMutablePointer<Element>, nodes: [LaneTree.Node], count: Int, stride: Int
  ) -> [(node: LaneTree.Node, row: Int)] {
    precondition(stride >= count, "rows of \(count) elements cannot lie \(stride) apart")
    var stack: [(node: LaneTree.Node, row: Int)] = []
    for (row, node) in nodes.enumerated() {
      if let last = stack.last {
        precondition(
          last.node.lanes.upperBound == node.first, "lanes \(last.node.lanes) and \(node.lanes) are not adjacent")
      }
      stack.append((node, row))
      while stack.count > 1 {
        let left = stack[stack.count - 2]
        let right = stack[stack.count - 1]
        guard left.node.count == right.node.count, left.node.first % (2 * left.node.count) == 0 else { break }
        Element.add(rows + right.row * stride, to: rows + left.row * stride, count: count)
        stack.removeLast(2)
        stack.append((LaneTree.Node(first: left.node.first, count: 2 * left.node.count), left.row))
      }
    }
    return stack
  }

  /// The nodes of single lanes.
  public static func leaves(_ lanes: Range<Int>) -> [LaneTree.Node] {
    lanes.map { LaneTree.Node(first: $0, count: 1) }
  }

  /// Every rank's nodes, rank after rank, which is lane order.
  public static func nodesOfAll(ranks: Int, lanes: Int) -> [[LaneTree.Node]] {
    (0..<ranks).map { LaneTree.nodes(covering: LaneTree.lanes(ofRank: $0, of: ranks, lanes: lanes)) }
  }
}
