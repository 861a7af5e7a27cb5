/// Where the seconds of steps go on the rank that the others wait for.
struct StepTime: Sendable, Equatable {
  /// The mean rank's sequences: what would remain if nothing were lost.
  var compute = 0.0
  /// Waiting for the rank that has most. Batch norm makes all ranks wait at every layer.
  var imbalance = 0.0
  /// Optimizer, update, lanes' partial gradients.
  var fixed = 0.0
  /// Sums of batch-norm moments, losses and counts.
  var statistics = 0.0
  /// Reductions of the gradient that backward does not hide.
  var gradients = 0.0

  /// All of them.
  var seconds: Double { compute + imbalance + fixed + statistics + gradients }

  static func + (one: StepTime, other: StepTime) -> StepTime {
    StepTime(
      compute: one.compute + other.compute, imbalance: one.imbalance + other.imbalance, fixed: one.fixed + other.fixed,
      statistics: one.statistics + other.statistics, gradients: one.gradients + other.gradients)
  }
}
