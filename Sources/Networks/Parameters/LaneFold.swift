import PackedTensors

/// Adds lanes' values in the balanced tree as they come, lane after lane, with one buffer a level.
///
/// Works like a binary counter: two finished subtrees of equal size become one. When a maximal aligned subtree of the
/// carried lanes is complete, its total is handed out.
public struct LaneFold {
  private let nodes: [LaneTree.Node]
  private let firstLane: Int
  private let elements: Int
  private var stack: [(lanes: Int, storage: Storage)] = []
  private var node = 0

  /// A fold of `elements` values a lane for the lanes that `arena` carries.
  public init(_ arena: GradientArena, elements: Int) {
    nodes = arena.nodes
    firstLane = arena.lanes.lowerBound
    self.elements = elements
  }

  /// Adds the next carried lane's values, which are copied.
  /// - Parameters:
  ///   - lane: the carried lane, counted from the first: must be the next one.
  ///   - finished: given the node's index and its total when a node is complete.
  public mutating func add(
    _ lane: Int, _ values: UnsafePointer<Float>, finished: (_ node: Int, UnsafePointer<Float>) throws -> Void
  ) rethrows {
    let storage = StoragePool.shared.lease(elements)
    storage.base.update(from: values, count: elements)
    var subtree = (lanes: 1, storage: storage)
    while let left = stack.last, left.lanes == subtree.lanes {
      stack.removeLast()
      ParameterUpdates.add(left.storage.base, subtree.storage.base, count: elements)
      subtree = (2 * left.lanes, left.storage)
    }
    let current = nodes[node]
    if firstLane + lane + 1 == current.first + current.count {
      precondition(subtree.lanes == current.count && stack.isEmpty, "lane \(lane) does not complete node \(node)")
      try finished(node, subtree.storage.base)
      node += 1
    } else {
      stack.append(subtree)
    }
  }
}
