import Networks

/// The factors of losses that are minimised together. A step divides its gradient once, by the count of the first; so a
/// loss of weight w and n terms is multiplied by w · n₁ / n, and the first by its weight alone. (A first loss without
/// terms counts as one of one.)
final class PartScaling: LossScaling {
  /// The factors that were given so far.
  private(set) var factors: [Float] = []
  private let statistics: any SharedStatistics
  private let lanes: Int
  private var weight = 1.0
  private var divisor = 0.0

  /// - Parameter lanes: that this rank carries.
  init(_ statistics: any SharedStatistics, lanes: Int) {
    self.statistics = statistics
    self.lanes = lanes
  }

  /// Says which loss comes next.
  func begin(weight: Double) { self.weight = weight }

  func factor(count: Int) throws -> Float {
    // Whole numbers: their sum is exact in any order.
    let own = [Double(count)] + [Double](repeating: 0, count: lanes - 1)
    let all = max(1, try statistics.reduce(own, count: 1)[0])
    if factors.isEmpty { divisor = all }
    factors.append(Float(weight * divisor / all))
    return factors[factors.count - 1]
  }

  /// What a step divides its gradient by, of the counts of all ranks: that of the first loss, and 0 where no loss has a
  /// term.
  static func divisor(_ counts: [Int]) -> Int { counts[0] > 0 ? counts[0] : counts.contains { $0 > 0 } ? 1 : 0 }
}
