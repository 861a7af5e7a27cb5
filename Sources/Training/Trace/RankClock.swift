import MessagePassing
import Tracing

/// How far a rank's clock is ahead of rank 0's at a moment.
struct RankClock: Equatable {
  /// The moment, by the rank's clock, in nanoseconds.
  var at: Int64
  /// The rank's time less rank 0's.
  var ahead: Int64
  /// How far that may be off.
  var uncertainty: Int64

  /// Messages each way, of which the quickest count.
  private static let trials = 30
  /// By how much two hosts' clocks drift apart at most, taken together: that of two ordinary quartzes.
  private static let drift = 5e-5

  /// Compares all ranks' clocks with that of rank 0, one rank after the other. Collective.
  /// - Returns: nothing on rank 0.
  static func compare(_ communicator: Communicator) throws -> RankClock? {
    guard communicator.size > 1 else { return nil }
    func times(with peer: Int) throws(MPIError) -> (own: [Double], other: [Double]) {
      try communicator.times(with: peer, trials: trials, clock: { Double(MonotonicTime.nanoseconds) * 1e-9 })
    }
    var found: RankClock?
    if communicator.rank == 0 {
      for rank in 1..<communicator.size { _ = try times(with: rank) }
    } else {
      let (own, other) = try times(with: 0)
      let (least, most) = ClockCheck.bounds(own: own, other: other)
      found = RankClock(least: least, most: most, at: MonotonicTime.nanoseconds)
    }
    // No rank begins a step while others are still comparing.
    try communicator.barrier()
    return found
  }

  /// Between two bounds, in seconds: the middle; but 0 where that lies between them, as it does on one host.
  init(least: Double, most: Double, at: Int64) {
    self.at = at
    ahead = least <= 0 && most >= 0 ? 0 : Int64((least + most) / 2 * 1e9)
    uncertainty = Int64((most - least) / 2 * 1e9)
  }

  init(at: Int64, ahead: Int64, uncertainty: Int64) {
    self.at = at
    self.ahead = ahead
    self.uncertainty = uncertainty
  }

  /// The same comparisons, each within the bounds that its own messages leave and those that the others leave for its moment:
  /// where ranks had to take turns on a core, a comparison alone says little.
  ///
  /// Complexity: quadratic; there are a few a hundred steps.
  static func sharpened(_ clocks: [RankClock]) -> [RankClock] {
    clocks.map { one in
      var (least, most) = (one.ahead - one.uncertainty, one.ahead + one.uncertainty)
      for other in clocks {
        let drifted = other.uncertainty + Int64(Double(abs(other.at - one.at)) * drift)
        (least, most) = (max(least, other.ahead - drifted), min(most, other.ahead + drifted))
      }
      // A clock that was set in between obeys no such bounds.
      guard least <= most else { return one }
      return RankClock(at: one.at, ahead: (least + most) / 2, uncertainty: (most - least) / 2)
    }
  }

  /// Rank 0's time at a moment of the rank's: the difference is interpolated between comparisons, and what lies outside
  /// them has that of the nearest. Later moments stay later.
  /// - Parameter clocks: ascending in `at`.
  static func ofFirstRank(_ moment: Int64, _ clocks: [RankClock]) -> Int64 {
    guard let first = clocks.first, let last = clocks.last else { return moment }
    if moment <= first.at { return moment - first.ahead }
    guard let after = clocks.firstIndex(where: { $0.at >= moment }) else { return moment - last.ahead }
    let (left, right) = (clocks[after - 1], clocks[after])
    let share = Double(moment - left.at) / Double(right.at - left.at)
    return moment - left.ahead - Int64((share * Double(right.ahead - left.ahead)).rounded())
  }
}
