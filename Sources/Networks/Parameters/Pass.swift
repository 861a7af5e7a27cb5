import PackedTensors
import Tracing

/// Whether batch norm uses the batch's moments and dropout drops, or neither.
public enum Mode: Sendable {
  /// Moments of the batch; dropout.
  case training
  /// Running statistics; no dropout. A sequence's output does not depend on the others.
  case evaluation
}

/// What a forward pass knows besides its input, and what it leaves behind.
public struct ForwardPass {
  /// The model's parameters and statistics; read only.
  public let store: ParameterStore
  /// Training or evaluation.
  public let mode: Mode
  /// Sums over all ranks.
  public let statistics: any SharedStatistics
  /// The data set's id of each sequence of the batch.
  public let ids: [Int]
  /// Seed of the run and epoch of the step: with layer and sequence they decide every random draw.
  public let seed: UInt64
  /// The epoch.
  public let epoch: Int
  /// Told what each layer does, where the step is traced.
  public let timeline: Timeline?
  /// Moments by which running statistics will move, once the step is accepted.
  public var observed: [(norm: BatchNorm, moments: BatchMoments)] = []

  /// A pass over one batch.
  public init(
    store: ParameterStore, mode: Mode, statistics: any SharedStatistics, ids: [Int], seed: UInt64 = 0, epoch: Int = 0,
    timeline: Timeline? = nil
  ) {
    self.store = store
    self.mode = mode
    self.statistics = statistics
    self.ids = ids
    self.seed = seed
    self.epoch = epoch
    self.timeline = timeline
  }

  /// The dropout of a layer in this pass; none in evaluation.
  public func dropout(_ rate: Double, layer: String) -> Dropout? {
    mode == .training && rate > 0
      ? Dropout(rate: rate, key: RandomKey(seed: seed, purpose: "dropout." + layer, epoch: epoch)) : nil
  }
}

/// What a backward pass needs: parameters, the arena for their gradients, and sums over all ranks.
public struct BackwardPass {
  /// The model's parameters; read only.
  public let store: ParameterStore
  /// Where gradients go.
  public let gradients: GradientArena
  /// Sums over all ranks.
  public let statistics: any SharedStatistics
  /// Factors of losses that are minimised together; none: there is one, whose gradient is that of its sum.
  public let scaling: (any LossScaling)?
  /// Told what each layer does, where the step is traced.
  public let timeline: Timeline?

  /// A backward pass.
  public init(
    store: ParameterStore, gradients: GradientArena, statistics: any SharedStatistics,
    scaling: (any LossScaling)? = nil, timeline: Timeline? = nil
  ) {
    self.store = store
    self.gradients = gradients
    self.statistics = statistics
    self.scaling = scaling
    self.timeline = timeline
  }

  /// Scales the gradients that a loss has with respect to what it was computed from, in place; every objective does so
  /// once, before anything goes back from there.
  /// - Parameter count: terms of the loss on this rank.
  public func scale(_ gradients: PackedTensor..., count: Int) throws {
    guard let factor = try scaling?.factor(count: count), factor != 1 else { return }
    for gradient in gradients {
      for index in 0..<gradient.count { gradient.base[index] *= factor }
    }
  }
}
