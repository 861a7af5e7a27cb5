internal import CKernels

/// One update of a range of parameters, each element by itself.
public enum ParameterUpdates {
  /// AdamW's numbers for one step (Loshchilov and Hutter 2019).
  public struct AdamW: Sendable {
    /// Learning rate, decay rates of the moments, ε and weight decay.
    public var rate, beta1, beta2, epsilon, decay: Float
    /// `1 − β₁ᵗ` and `√(1 − β₂ᵗ)`.
    public var correction1, rootCorrection2: Float

    /// The numbers of one step.
    public init(
      rate: Float, beta1: Float, beta2: Float, epsilon: Float, decay: Float, correction1: Float, rootCorrection2: Float
    ) {
      self.rate = rate
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.decay = decay
      self.correction1 = correction1
      self.rootCorrection2 = rootCorrection2
    }
  }

  /// Updates `count` parameters and their moments; the gradient is `gradient · scale`.
  public static func adamW(
    _ numbers: AdamW, parameters: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, scale: Float,
    mean: UnsafeMutablePointer<Float>, square: UnsafeMutablePointer<Float>, count: Int
  ) {
    Kernels.active.adamw(
      parameters, gradient, mean, square, count, scale, numbers.rate, numbers.beta1, numbers.beta2, numbers.epsilon,
      numbers.decay, numbers.correction1, numbers.rootCorrection2)
  }

  /// One step of gradient descent with momentum, in PyTorch's convention (decay added to the gradient).
  public static func sgd(
    parameters: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, scale: Float,
    buffer: UnsafeMutablePointer<Float>, count: Int, rate: Float, momentum: Float, nesterov: Bool, decay: Float,
    isFirst: Bool
  ) {
    Kernels.active.sgd(
      parameters, gradient, buffer, count, scale, rate, momentum, nesterov ? 1 : 0, decay, isFirst ? 1 : 0)
  }

  /// Σ x² in Double.
  public static func squareSum(_ x: UnsafePointer<Float>, count: Int) -> Double { Kernels.active.square_sum(x, count) }

  /// `y += x`.
  public static func add(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, count: Int) {
    Kernels.active.add(y, x, count)
  }
}
