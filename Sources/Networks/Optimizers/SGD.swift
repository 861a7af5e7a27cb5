import PackedTensors

/// Stochastic gradient descent with momentum, PyTorch's convention: the decay is added to the gradient, the buffer
/// begins as the first gradient. Weight decay applies to tensors of two and more dimensions.
public struct SGD: Optimizer {
  /// Share of the buffer that stays from step to step.
  public let momentum: Double
  /// Whether to look ahead (Nesterov 1983).
  public let nesterov: Bool
  /// Weight decay, per step.
  public let weightDecay: Double
  /// Updates made so far, a number for each turn.
  public var updates: [Int]
  private var buffer: [Float]

  /// An optimizer of `count` parameters.
  public init(count: Int, turns: Int = 1, momentum: Double = 0.9, nesterov: Bool = false, weightDecay: Double = 0) {
    self.momentum = momentum
    self.nesterov = nesterov
    self.weightDecay = weightDecay
    updates = [Int](repeating: 0, count: turns)
    buffer = [Float](repeating: 0, count: count)
  }

  /// The momentum buffer, under PyTorch's name.
  public var arenas: [(name: String, values: [Float])] {
    get { [("momentum_buffer", buffer)] }
    set {
      precondition(newValue.count == 1 && newValue[0].values.count == buffer.count, "a buffer of another model")
      buffer = newValue[0].values
    }
  }

  /// One update.
  public mutating func update(
    _ store: ParameterStore, trainable: [Parameter], turn: Int, gradient: UnsafePointer<Float>, scale: Float,
    rate: Double
  ) {
    let isFirst = updates[turn] == 0
    updates[turn] += 1
    store.withMutableValues { values in
      buffer.withUnsafeMutableBufferPointer { buffer in
        for parameter in trainable {
          let first = parameter.range.lowerBound
          ParameterUpdates.sgd(
            parameters: values + first, gradient: gradient + first, scale: scale, buffer: buffer.baseAddress! + first,
            count: parameter.count, rate: Float(rate), momentum: Float(momentum), nesterov: nesterov,
            decay: parameter.decays ? Float(weightDecay) : 0, isFirst: isFirst)
        }
      }
    }
  }
}
