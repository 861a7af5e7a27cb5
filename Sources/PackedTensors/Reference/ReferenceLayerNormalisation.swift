/// Layer normalisation in Double (Ba, Kiros and Hinton 2016), over `[timesteps, channels]` row-major.
public enum ReferenceLayerNormalisation {
  /// `y[t, c] = (x[t, c] − mean[t]) / √(variance[t] + ε) · gain[c] + bias[c]`.
  public static func forward(_ x: [Double], gain: [Double], bias: [Double], epsilon: Double) -> [Double] {
    let (standard, _) = standardise(x, channels: gain.count, epsilon: epsilon)
    return x.indices.map { standard[$0] * gain[$0 % gain.count] + bias[$0 % gain.count] }
  }

  /// The adjoint: with `h = g · gain`, `dx = (h − Σh/C − x̂ · Σ(h·x̂)/C) / σ`; `dgain = Σ_t g·x̂`, `dbias = Σ_t g`.
  public static func backward(
    _ x: [Double], _ g: [Double], gain: [Double], epsilon: Double
  ) -> (x: [Double], gain: [Double], bias: [Double]) {
    let channels = gain.count
    let (standard, inverse) = standardise(x, channels: channels, epsilon: epsilon)
    var dx = [Double](repeating: 0, count: x.count)
    var (dgain, dbias) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
    for t in 0..<x.count / channels {
      let row = t * channels..<(t + 1) * channels
      let level = row.reduce(0) { $0 + g[$1] * gain[$1 - row.lowerBound] } / Double(channels)
      let slope = row.reduce(0) { $0 + g[$1] * gain[$1 - row.lowerBound] * standard[$1] } / Double(channels)
      for at in row {
        let c = at - row.lowerBound
        dx[at] = (g[at] * gain[c] - level - standard[at] * slope) * inverse[t]
        dgain[c] += g[at] * standard[at]
        dbias[c] += g[at]
      }
    }
    return (dx, dgain, dbias)
  }

  private static func standardise(
    _ x: [Double], channels: Int, epsilon: Double
  ) -> (standard: [Double], inverse: [Double]) {
    var (standard, inverse) = (x, [Double]())
    for t in 0..<x.count / channels {
      let row = t * channels..<(t + 1) * channels
      let mean = row.reduce(0) { $0 + x[$1] } / Double(channels)
      let variance = row.reduce(0) { $0 + (x[$1] - mean) * (x[$1] - mean) } / Double(channels)
      inverse.append(1 / (variance + epsilon).squareRoot())
      for at in row { standard[at] = (x[at] - mean) * inverse[t] }
    }
    return (standard, inverse)
  }
}
