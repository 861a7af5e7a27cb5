/// The rank that the others wait for, step after step.
struct Straggler: Encodable, Sendable, Equatable {
  let rank: Int
  let host: String
  /// Its seconds for a step over those of the others' median.
  let slowdown: Double

  /// For the user.
  var text: String { "waits for rank \(rank) on \(host) (\(ProgressText.factor(slowdown)) the others' time)" }
}

/// Finds the straggler from what ranks tell in each step: seconds without waiting.
///
/// A rank is one that took, over the last twenty steps, 1.3 times what the median of the others took, for all its work and
/// for a timestep of it (one that the plan gave more is not slow), and was the last in three steps of four.
struct StragglerSearch {
  /// The host of each rank.
  let hosts: [String]
  private var steps: [[RankLoad]] = []
  private var timesteps: [Int]?

  private static let (most, fewest, least) = (20, 8, 1.3)

  init(hosts: [String]) { self.hosts = hosts }

  /// Takes in what the ranks carry in a step, and how long they worked at the one before.
  mutating func add(timesteps current: [Int], ownSecondsBefore seconds: [Double]) {
    if let timesteps {
      steps.append(zip(timesteps, seconds).map { RankLoad(timesteps: $0, ownSeconds: $1) })
      if steps.count > Self.most { steps.removeFirst() }
    }
    timesteps = current
  }

  /// The straggler; nil where there is none.
  var straggler: Straggler? {
    guard hosts.count > 1, steps.count >= Self.fewest else { return nil }
    let seconds = hosts.indices.map { rank in steps.reduce(0) { $0 + $1[rank].ownSeconds } }
    let carried = hosts.indices.map { rank in steps.reduce(0) { $0 + $1[rank].timesteps } }
    guard let slowest = hosts.indices.max(by: { seconds[$0] < seconds[$1] }), carried[slowest] > 0 else { return nil }
    let others = hosts.indices.filter { $0 != slowest && carried[$0] > 0 }
    let usual = Self.median(others.map { seconds[$0] })
    let usualRate = Self.median(others.map { seconds[$0] / Double(carried[$0]) })
    guard usual > 0, seconds[slowest] >= Self.least * usual,
      seconds[slowest] / Double(carried[slowest]) >= Self.least * usualRate
    else { return nil }
    let last = steps.count { step in
      step.indices.allSatisfy { $0 == slowest || step[$0].ownSeconds < step[slowest].ownSeconds }
    }
    guard 4 * last >= 3 * steps.count else { return nil }
    return Straggler(rank: slowest, host: hosts[slowest], slowdown: seconds[slowest] / usual)
  }

  /// The lower median; 0 of nothing.
  private static func median(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.sorted()[(values.count - 1) / 2]
  }
}
