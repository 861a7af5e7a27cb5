import Glibc
import MessagePassing

/// The hosts' clocks beside that of rank 0's host.
struct ClockCheck: Check {
  /// Nothing but on the first rank of each further host.
  struct Observation: Codable, Sendable {
    /// Seconds that the host's clock is ahead of rank 0's, within these bounds.
    var least: Double?
    var most: Double?
  }

  static let name: StaticString = "clock"
  /// Seconds from which a difference is told.
  static let tolerance = 1.0
  /// Messages each way, of which the quickest count.
  private static let trials = 20

  func observe(_ world: Surroundings) throws -> Observation {
    func times(with peer: Int) throws -> (own: [Double], other: [Double]) {
      try world.communicator.times(with: peer, trials: ClockCheck.trials, clock: { ClockCheck.now })
    }
    var seen = Observation()
    for rank in world.leaders where rank != 0 {
      if world.own.rank == 0 { _ = try times(with: rank) }
      if world.own.rank == rank {
        let (own, other) = try times(with: 0)
        (seen.least, seen.most) = ClockCheck.bounds(own: own, other: other)
      }
    }
    return seen
  }

  /// How far the own clock is ahead of the other: what came had been sent before, both ways.
  /// - Parameters:
  ///   - own: when a message was sent and the other's had come, in turn, in seconds by the own clock.
  ///   - other: the same by the other's.
  static func bounds(own: [Double], other: [Double]) -> (least: Double, most: Double) {
    let turns = stride(from: 0, to: own.count, by: 2)
    let least = turns.map { own[$0] - other[$0 + 1] }.max() ?? 0
    let most = turns.map { own[$0 + 1] - other[$0] }.min() ?? 0
    return (least, most)
  }

  func facts(_ seen: Observation) -> [Fact] {
    let offset = seen.least.map { ($0 + (seen.most ?? $0)) / 2 }
    return [
      Fact(title: "clock", value: offset.map { ($0 < 0 ? "" : "+") + Quantity.seconds($0) } ?? "-", isOfHost: true)
    ]
  }

  func judge(_ seen: [Seen<Observation>]) -> Verdict {
    let apart = seen.filter { one in
      guard let least = one.what.least, let most = one.what.most else { return false }
      return least > ClockCheck.tolerance || most < -ClockCheck.tolerance
    }
    return Verdict(
      findings: apart.map { one in
        let offset = ((one.what.least ?? 0) + (one.what.most ?? 0)) / 2
        return finding(
          "the clock of \(one.place.host) is \(Quantity.seconds(abs(offset))) \(offset > 0 ? "ahead of" : "behind") that of \(seen[0].place.host)",
          why:
            "logs of the hosts cannot be put in order, files seem to come from the future, and Slurm's munge refuses credentials",
          remedy: "timedatectl set-ntp true on \(one.place.host) (chronyc tracking shows how far it is)")
      })
  }

  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
