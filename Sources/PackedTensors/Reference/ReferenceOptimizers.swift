/// Updates of one parameter in Double, in PyTorch's conventions.
public enum ReferenceOptimizers {
  /// AdamW's state and numbers (Loshchilov and Hutter 2019).
  public struct AdamW {
    /// Learning rate, decay rates of the moments, ε and weight decay.
    public let rate, beta1, beta2, epsilon, decay: Double
    /// First and second moment.
    public var (mean, square) = (0.0, 0.0)
    /// Updates made.
    public var step = 0

    /// A parameter without a history.
    public init(rate: Double, beta1: Double, beta2: Double, epsilon: Double, decay: Double) {
      self.rate = rate
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
      self.decay = decay
    }

    /// `m ← β₁m + (1 − β₁)g`, `v ← β₂v + (1 − β₂)g²`,
    /// `p ← p·(1 − rate·decay) − rate · (m/(1 − β₁ᵗ)) / (√(v/(1 − β₂ᵗ)) + ε)`.
    public mutating func update(_ p: Double, gradient g: Double) -> Double {
      step += 1
      mean = beta1 * mean + (1 - beta1) * g
      square = beta2 * square + (1 - beta2) * g * g
      let m = mean / (1 - Elementary.power(beta1, step))
      let v = square / (1 - Elementary.power(beta2, step))
      return p * (1 - rate * decay) - rate * m / (v.squareRoot() + epsilon)
    }
  }

  /// Gradient descent with momentum.
  public struct SGD {
    /// Learning rate, momentum and weight decay.
    public let rate, momentum, decay: Double
    /// Whether the step looks ahead (Nesterov).
    public let nesterov: Bool
    /// The momentum buffer; none before the first update.
    public var buffer: Double?

    /// A parameter without a history.
    public init(rate: Double, momentum: Double, decay: Double, nesterov: Bool) {
      self.rate = rate
      self.momentum = momentum
      self.decay = decay
      self.nesterov = nesterov
    }

    /// `d = g + decay·p`, `b ← momentum·b + d` (at first `b ← d`), `p ← p − rate·b`, or with Nesterov `p − rate·(d +
    /// momentum·b)`.
    public mutating func update(_ p: Double, gradient g: Double) -> Double {
      let d = g + decay * p
      let b = buffer.map { momentum * $0 + d } ?? d
      buffer = b
      return p - rate * (nesterov ? d + momentum * b : b)
    }
  }
}
