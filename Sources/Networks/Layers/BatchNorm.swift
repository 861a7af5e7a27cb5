import PackedTensors
import Tracing

/// Batch normalisation over the timesteps of the whole global batch (Ioffe and Szegedy 2015): PyTorch's `BatchNorm1d`,
/// its statistics summed over all ranks and no padded timestep among them.
public struct BatchNorm: Sendable {
  /// γ and β, `[channels]` each.
  public let gain, bias: Parameter
  /// Running mean and unbiased variance.
  public let runningMean, runningVariance: Statistic
  /// Batches that the running statistics have seen.
  public let batches: Counter
  /// Added to the variance.
  public let epsilon = 1e-5
  /// Share by which running statistics move towards a batch's.
  public let momentum = 0.1

  /// Registers γ = 1, β = 0, mean 0 and variance 1 under `path`.
  public init(_ path: String, channels: Int, in store: ParameterStore) {
    gain = store.addParameter(path + ".weight", shape: [channels], .constant(1))
    bias = store.addParameter(path + ".bias", shape: [channels], .constant(0))
    runningMean = store.addStatistic(path + ".running_mean", count: channels, .constant(0))
    runningVariance = store.addStatistic(path + ".running_var", count: channels, .constant(1))
    batches = store.addCounter(path + ".num_batches_tracked")
  }

  /// Empty sums about the running mean, for a convolution to add its output's moments to; none in evaluation.
  public func moments(_ pass: ForwardPass, lanes: Int) -> MomentSums? {
    pass.mode == .training ? MomentSums(pivot: pass.store[runningMean], lanes: lanes) : nil
  }

  /// The normalisation of this batch: with the moments of the global batch in training, with running statistics in
  /// evaluation.
  /// - Parameter timesteps: of the global batch.
  /// - Throws: what the exchange with other ranks throws.
  public func normalisation(_ sums: MomentSums?, timesteps: Int, _ pass: inout ForwardPass) throws -> Normalisation {
    let span = pass.timeline?.begin(.forward, gain.name)
    defer { span?.end() }
    let moments: BatchMoments
    if let sums {
      let total = try pass.statistics.reduce(sums.sums.values, count: sums.sums.count)
      moments = BatchMoments(sums: total, pivot: sums.pivot, count: timesteps)
      pass.observed.append((self, moments))
    } else {
      moments = BatchMoments(
        mean: pass.store[runningMean].map(Double.init), variance: pass.store[runningVariance].map(Double.init), count: 0
      )
    }
    return Normalisation(moments: moments, gain: pass.store[gain], bias: pass.store[bias], epsilon: epsilon)
  }

  /// Adds γ's and β's gradients to the arena and gives the adjoint for what lies before.
  /// - Parameter sums: Σ g, then Σ g·x̂, of each carried lane.
  public func backward(_ sums: LaneSums, _ normalisation: Normalisation, _ pass: BackwardPass) throws
    -> NormalisationAdjoint
  {
    let span = pass.timeline?.begin(.backward, gain.name)
    defer { span?.end() }
    var fold = LaneFold(pass.gradients, elements: sums.count)
    let channels = gain.count
    for lane in 0..<sums.values.count / sums.count {
      fold.add(lane, sums[lane].map { Float($0) }) { node, total in
        pass.gradients.pointer(bias, node: node).update(from: total, count: channels)
        pass.gradients.pointer(gain, node: node).update(from: total + channels, count: channels)
      }
    }
    return normalisation.adjoint(sums: try pass.statistics.reduce(sums.values, count: sums.count))
  }

  /// Moves the running statistics towards a batch's moments: called once the step is accepted.
  public func observe(_ moments: BatchMoments, in store: ParameterStore) {
    let unbias = moments.count > 1 ? Double(moments.count) / Double(moments.count - 1) : 1
    store[runningMean] = zip(store[runningMean], moments.mean).map {
      Float((1 - momentum) * Double($0) + momentum * $1)
    }
    store[runningVariance] = zip(store[runningVariance], moments.variance).map {
      Float((1 - momentum) * Double($0) + momentum * $1 * unbias)
    }
    store[batches] += 1
  }
}
