import PackedTensors

/// Sums that batch norm and the like need over the whole global batch, whoever holds its parts.
///
/// One rank sums its own lanes (``LaneStatistics``); many ranks complete the tree between them. Every rank calls
/// `reduce` in the same order with the same `count`, also where it holds no sequence.
public protocol SharedStatistics: AnyObject {
  /// Sums over all lanes of all ranks, in the canonical order.
  /// - Parameter laneSums: `[carried lanes × count]`, row-major: each carried lane's own sums, +0 for an empty lane.
  /// - Returns: `[count]`, the same bits on every rank.
  func reduce(_ laneSums: [Double], count: Int) throws -> [Double]
}
