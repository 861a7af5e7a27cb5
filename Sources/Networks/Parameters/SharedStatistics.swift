import PackedTensors

/// Sums that batch norm and the like need over the whole global batch, and rows that are compared over it, whoever holds
/// its parts.
///
/// One rank sums its own lanes (``LaneStatistics``); many ranks complete the tree between them. Every rank makes the same
/// calls in the same order, also where it holds no sequence.
public protocol SharedStatistics: AnyObject {
  /// Sums over all lanes of all ranks, in the canonical order.
  /// - Parameter laneSums: `[carried lanes × count]`, row-major: each carried lane's own sums, +0 for an empty lane.
  /// - Returns: `[count]`, the same bits on every rank.
  func reduce(_ laneSums: [Double], count: Int) throws -> [Double]

  /// All ranks' values in the order of their lanes, and where this rank's lie among them.
  func gather(_ own: [Float]) throws -> (all: [Float], own: Range<Int>)
}
