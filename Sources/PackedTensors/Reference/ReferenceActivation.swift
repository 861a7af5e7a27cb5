/// Activations, their derivatives, and the functions behind them, in Double.
public enum ReferenceActivation {
  /// `x`, `max(x, 0)`, `x·Φ(x)`, or `x` and below 0 a fifth of it.
  public static func value(_ activation: Activation, _ x: Double) -> Double {
    switch activation {
    case .identity: x
    case .relu: x < 0 ? 0 : x
    case .gelu: x * normalDistribution(x)
    case .leakyReLU: x < 0 ? 0.2 * x : x
    }
  }

  /// `1`; `1` above 0 and `0` elsewhere; `Φ(x) + x·φ(x)`; or `1` above 0 and `0.2` elsewhere.
  public static func derivative(_ activation: Activation, _ x: Double) -> Double {
    switch activation {
    case .identity: 1
    case .relu: x > 0 ? 1 : 0
    case .gelu: normalDistribution(x) + x * normalDensity(x)
    case .leakyReLU: x > 0 ? 1 : 0.2
    }
  }

  /// `Φ(x) = erfc(−x/√2) / 2`, the standard normal distribution function.
  public static func normalDistribution(_ x: Double) -> Double { complementaryError(-x * 0.5.squareRoot()) / 2 }

  /// `φ(x) = exp(−x²/2) / √(2π)`, the standard normal density.
  public static func normalDensity(_ x: Double) -> Double {
    Elementary.exp(-x * x / 2) / (2 * Elementary.pi).squareRoot()
  }

  /// `erf(x) = 2/√π ∫₀ˣ exp(−t²) dt`. Relative error below 1e-14.
  public static func error(_ x: Double) -> Double {
    if x < 0 { return -error(-x) }
    return x < 2 ? errorSeries(x) : 1 - complementaryFraction(x)
  }

  /// `erfc(x) = 1 − erf(x)`, without cancellation for large x. Relative error below 1e-12.
  public static func complementaryError(_ x: Double) -> Double {
    if x.isNaN { return x }
    if x < 0 { return 2 - complementaryError(-x) }
    return x < 2 ? 1 - errorSeries(x) : complementaryFraction(x)
  }

  /// `erf(x) = 2/√π · exp(−x²) · Σ_n 2ⁿ x²ⁿ⁺¹ / (1·3·5···(2n + 1))` (Abramowitz and Stegun 7.1.6): all terms are
  /// positive.
  private static func errorSeries(_ x: Double) -> Double {
    var (term, sum, n) = (x, x, 1.0)
    while term > 1e-18 * sum {
      term *= 2 * x * x / (2 * n + 1)
      sum += term
      n += 1
    }
    return 2 / Elementary.pi.squareRoot() * Elementary.exp(-x * x) * sum
  }

  /// `erfc(x) = exp(−x²)/√π · 1/(x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …))))` (Abramowitz and Stegun 7.1.14), from its
  /// hundredth denominator upwards.
  private static func complementaryFraction(_ x: Double) -> Double {
    var denominator = x
    for n in stride(from: 100, through: 1, by: -1) { denominator = x + Double(n) / 2 / denominator }
    return Elementary.exp(-x * x) / Elementary.pi.squareRoot() / denominator
  }
}
