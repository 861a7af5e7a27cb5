/// Sums of each lane that a rank carries, in Double: `[carried lanes × count]`, +0 where a lane is empty.
public struct LaneSums: Sendable, Equatable {
  /// Values of one lane.
  public let count: Int
  /// All values, lane after lane.
  public var values: [Double]

  /// Zeros for `lanes` lanes.
  public init(lanes: Int, count: Int) {
    self.count = count
    values = [Double](repeating: 0, count: lanes * count)
  }

  /// Several sums of the same lanes, side by side.
  public init(besides sums: [LaneSums]) {
    count = sums.reduce(0) { $0 + $1.count }
    let lanes = sums.first.map { $0.values.count / max(1, $0.count) } ?? 0
    values = (0..<lanes).flatMap { lane in sums.flatMap { $0[lane] } }
  }

  /// The sums of one carried lane.
  public subscript(lane: Int) -> ArraySlice<Double> { values[lane * count..<(lane + 1) * count] }
}
