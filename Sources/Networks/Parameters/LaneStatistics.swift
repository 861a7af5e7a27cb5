import PackedTensors

/// The shared statistics of a single rank: it carries all lanes, and its own tree is the whole tree.
public final class LaneStatistics: SharedStatistics {
  /// Statistics of one rank.
  public init() {}

  /// The balanced tree over all lanes; their number must be a power of two.
  public func reduce(_ laneSums: [Double], count: Int) -> [Double] {
    var rows = laneSums
    var lanes = count == 0 ? 0 : laneSums.count / count
    while lanes > 1 {
      precondition(lanes % 2 == 0, "\(lanes) lanes are no power of two")
      for lane in 0..<lanes / 2 {
        for k in 0..<count { rows[lane * count + k] = rows[2 * lane * count + k] + rows[(2 * lane + 1) * count + k] }
      }
      lanes /= 2
    }
    return Array(rows[..<count])
  }

  /// The rank's own values are all there are.
  public func gather(_ own: [Float]) -> (all: [Float], own: Range<Int>) { (own, own.indices) }
}
