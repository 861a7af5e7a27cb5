/// Batch normalisation in Double (Ioffe and Szegedy 2015), over `[timesteps, channels]` row-major.
public enum ReferenceNormalisation {
  /// `mean[c] = Σ_t x[t, c] / N` and `variance[c] = Σ_t (x[t, c] − mean[c])² / N`, in two passes.
  public static func moments(_ x: [Double], channels: Int) -> (mean: [Double], variance: [Double]) {
    let n = x.count / channels
    var (mean, variance) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
    for t in 0..<n { for c in 0..<channels { mean[c] += x[t * channels + c] / Double(n) } }
    for t in 0..<n {
      for c in 0..<channels {
        let d = x[t * channels + c] - mean[c]
        variance[c] += d * d / Double(n)
      }
    }
    return (mean, variance)
  }

  /// `x̂[t, c] = (x[t, c] − mean[c]) / √(variance[c] + ε)`.
  public static func standardise(_ x: [Double], mean: [Double], variance: [Double], epsilon: Double) -> [Double] {
    let channels = mean.count
    return x.indices.map { (x[$0] - mean[$0 % channels]) / (variance[$0 % channels] + epsilon).squareRoot() }
  }

  /// `y[t, c] = x̂[t, c] · gain[c] + bias[c]` with the moments of `x` itself.
  public static func forward(_ x: [Double], gain: [Double], bias: [Double], epsilon: Double) -> [Double] {
    let (mean, variance) = moments(x, channels: gain.count)
    let standard = standardise(x, mean: mean, variance: variance, epsilon: epsilon)
    return affine(standard, scale: gain, shift: bias)
  }

  /// The adjoint of ``forward(_:gain:bias:epsilon:)``:
  /// `dx = gain/σ · (g − Σg/N − x̂ · Σ(g·x̂)/N)`, `dgain = Σ g·x̂`, `dbias = Σ g`.
  public static func backward(
    _ x: [Double], _ g: [Double], gain: [Double], epsilon: Double
  ) -> (x: [Double], gain: [Double], bias: [Double]) {
    let channels = gain.count
    let n = Double(x.count / channels)
    let (mean, variance) = moments(x, channels: channels)
    let standard = standardise(x, mean: mean, variance: variance, epsilon: epsilon)
    var (dgain, dbias) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
    for at in x.indices {
      dgain[at % channels] += g[at] * standard[at]
      dbias[at % channels] += g[at]
    }
    let dx = x.indices.map { at in
      let c = at % channels
      let scale = gain[c] / (variance[c] + epsilon).squareRoot()
      return scale * (g[at] - dbias[c] / n - standard[at] * dgain[c] / n)
    }
    return (dx, dgain, dbias)
  }

  /// `y[t, c] = x[t, c] · scale[c] + shift[c]`.
  public static func affine(_ x: [Double], scale: [Double], shift: [Double]) -> [Double] {
    x.indices.map { x[$0] * scale[$0 % scale.count] + shift[$0 % scale.count] }
  }
}
