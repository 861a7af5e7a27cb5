/// What a rank tells of itself in each step's counts: how much it carries, and how long it worked at the step before.
///
/// Both share one integer of the reduction that there is anyway; sums over ranks, of which all but one give 0, keep them.
struct RankLoad: Equatable {
  private static let timestepBits: Int64 = 33
  private static let mostMicroseconds = Int64(1) << 30 - 1

  /// Timesteps of the step's batch on this rank.
  let timesteps: Int
  /// Seconds that the rank took for the step before, without its waiting for others; up to 1073, to a microsecond.
  let ownSeconds: Double

  init(timesteps: Int, ownSeconds: Double) {
    precondition(timesteps >> RankLoad.timestepBits == 0, "\(timesteps) timesteps of a step on one rank")
    (self.timesteps, self.ownSeconds) = (timesteps, ownSeconds)
  }

  /// Reads what ``packed`` gave.
  init(packed: Int64) {
    timesteps = Int(packed & (1 << RankLoad.timestepBits - 1))
    ownSeconds = Double(packed >> RankLoad.timestepBits) / 1e6
  }

  /// Both numbers in one.
  var packed: Int64 {
    let microseconds = Int64(max(0, min(ownSeconds * 1e6, Double(RankLoad.mostMicroseconds))))
    return microseconds << RankLoad.timestepBits | Int64(timesteps)
  }
}
