/// A step that was left out on all ranks because its loss or gradient is not finite.
public struct SkippedStep: Sendable, Equatable {
  /// What is not finite, in words: `loss`.
  public var what: String
  /// The data set's ids of the sequences that give no finite loss and gradient even alone; may be none.
  public var sequences: [Int]
}

/// What one step did.
public struct StepReport: Sendable {
  /// Steps done, this one included.
  public var step: Int
  /// The epoch of the step, from 0.
  public var epoch: Int
  /// Mean loss over the global batch.
  public var loss: Double
  /// Share of terms predicted correctly, where that has a meaning.
  public var accuracy: Double?
  /// The losses of the objective's parts, where it has several.
  var parts: [PartLoss]
  /// The learning rate of the step.
  public var learningRate: Double
  /// Global norm of the gradient before clipping.
  public var gradientNorm: Double
  /// Sequences of the global batch.
  public var sequences: Int
  /// Timesteps that each rank carried, as counted by the ranks.
  public var timestepsOfRanks: [Int]
  /// Seconds that each rank took for the step before, its wait for the batch included and its wait for others not; 0 in
  /// the first step.
  public var ownSecondsOfRanksBefore: [Double]
  /// Seconds of the step on this rank.
  public var seconds: Double
  /// Seconds that this rank spent in each call of communication, waiting for other ranks included, in an order that is
  /// the same on all: moments, loss, counts, and what backward left of the gradient.
  public var communicationSeconds: [Double]
  /// Whether a rank was asked to stop.
  public var isStopRequested: Bool
  /// Why the step changed nothing; nil where it did.
  public var skip: SkippedStep?

  /// Seconds that this rank spent in communication, waiting for other ranks included.
  public var exposedCommunicationSeconds: Double { communicationSeconds.reduce(0, +) }
  /// Timesteps of the global batch.
  public var timesteps: Int { timestepsOfRanks.reduce(0, +) }
  /// Largest rank's timesteps over the mean.
  public var imbalance: Double {
    timesteps == 0 ? 1 : Double(timestepsOfRanks.max()! * timestepsOfRanks.count) / Double(timesteps)
  }
}
