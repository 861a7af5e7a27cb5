import PackedTensors

/// AdamW (Loshchilov and Hutter 2019), PyTorch's convention. Weight decay applies to tensors of two and more
/// dimensions.
public struct AdamW: Optimizer {
  /// Decay rates of the moments.
  public let beta1, beta2: Double
  /// Added to the root of the second moment.
  public let epsilon: Double
  /// Weight decay, times the learning rate, per step.
  public let weightDecay: Double
  /// Updates made so far, a number for each turn.
  public var updates: [Int]
  private var mean: [Float]
  private var square: [Float]

  /// An optimizer of `count` parameters, its moments zero.
  public init(
    count: Int, turns: Int = 1, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0.01
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    updates = [Int](repeating: 0, count: turns)
    mean = [Float](repeating: 0, count: count)
    square = mean
  }

  /// First and second moment, under PyTorch's names.
  public var arenas: [(name: String, values: [Float])] {
    get { [("exp_avg", mean), ("exp_avg_sq", square)] }
    set {
      precondition(
        newValue.count == 2 && newValue.allSatisfy { $0.values.count == mean.count }, "moments of another model")
      mean = newValue[0].values
      square = newValue[1].values
    }
  }

  /// One update.
  public mutating func update(
    _ store: ParameterStore, trainable: [Parameter], turn: Int, gradient: UnsafePointer<Float>, scale: Float,
    rate: Double
  ) {
    updates[turn] += 1
    // The corrections undo the decay that the kernel applies, which is the Float's.
    let (decay1, decay2) = (Float(beta1), Float(beta2))
    var numbers = ParameterUpdates.AdamW(
      rate: Float(rate), beta1: decay1, beta2: decay2, epsilon: Float(epsilon), decay: 0,
      correction1: Float(1 - Elementary.power(Double(decay1), updates[turn])),
      rootCorrection2: Float((1 - Elementary.power(Double(decay2), updates[turn])).squareRoot()))
    store.withMutableValues { values in
      for parameter in trainable {
        let first = parameter.range.lowerBound
        numbers.decay = parameter.decays ? Float(weightDecay) : 0
        mean.withUnsafeMutableBufferPointer { mean in
          square.withUnsafeMutableBufferPointer { square in
            ParameterUpdates.adamW(
              numbers, parameters: values + first, gradient: gradient + first, scale: scale,
              mean: mean.baseAddress! + first, square: square.baseAddress! + first, count: parameter.count)
          }
        }
      }
    }
  }
}
