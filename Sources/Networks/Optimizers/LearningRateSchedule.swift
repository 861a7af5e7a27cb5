import PackedTensors

/// The learning rate as a function of the step: a linear warm-up, then one of three courses.
public struct LearningRateSchedule: Sendable {
  /// What follows the warm-up.
  public enum Course: Sendable {
    /// The full rate.
    case constant
    /// Half a cosine from the full rate down to a share of it at the last step (Loshchilov and Hutter 2017).
    case cosine(final: Double)
    /// The rate times `factor` after every `every` steps.
    case step(every: Int, factor: Double)
  }

  /// The full rate.
  public let rate: Double
  /// Steps of the warm-up: step k of it (from 0) has the share (k + 1) / warmupSteps.
  public let warmupSteps: Int
  /// Steps of the run.
  public let totalSteps: Int
  /// What follows the warm-up.
  public let course: Course

  /// A schedule.
  public init(rate: Double, warmupSteps: Int, totalSteps: Int, course: Course) {
    self.rate = rate
    self.warmupSteps = warmupSteps
    self.totalSteps = totalSteps
    self.course = course
  }

  /// The rate of step `step`, counted from 0.
  public func rate(at step: Int) -> Double {
    if step < warmupSteps { return rate * Double(step + 1) / Double(warmupSteps) }
    switch course {
    case .constant: return rate
    case .step(let every, let factor): return rate * Elementary.power(factor, (step - warmupSteps) / max(1, every))
    case .cosine(let final):
      let progress = Double(step - warmupSteps) / Double(max(1, totalSteps - warmupSteps))
      let wave = 0.5 * (1 + Elementary.cosineAndSine(turns: min(progress, 1) / 2).cosine)
      return rate * (final + (1 - final) * wave)
    }
  }
}
