/// Pooling of one sequence `[length, channels]` to one row `[channels]`, in Double.
public enum ReferencePooling {
  /// `Σ_t x[t, c] / length`; the largest `x[t, c]`; or `x[length − 1, c]`.
  public static func forward(_ pooling: Pooling, _ x: [Double], channels: Int) -> [Double] {
    let length = x.count / channels
    return (0..<channels).map { c in
      switch pooling {
      case .mean: (0..<length).reduce(0) { $0 + x[$1 * channels + c] } / Double(length)
      case .max: x[largest(x, channels: channels, c) * channels + c]
      case .last: x[(length - 1) * channels + c]
      }
    }
  }

  /// `g[c] / length` at every timestep; `g[c]` at the first largest; or `g[c]` at the last.
  public static func backward(_ pooling: Pooling, _ x: [Double], gradient g: [Double]) -> [Double] {
    let channels = g.count
    let length = x.count / channels
    var dx = [Double](repeating: 0, count: x.count)
    for c in 0..<channels {
      switch pooling {
      case .mean: for t in 0..<length { dx[t * channels + c] = g[c] / Double(length) }
      case .max: dx[largest(x, channels: channels, c) * channels + c] = g[c]
      case .last: dx[(length - 1) * channels + c] = g[c]
      }
    }
    return dx
  }

  /// The first timestep at which channel `c` is largest.
  private static func largest(_ x: [Double], channels: Int, _ c: Int) -> Int {
    var best = 0
    for t in 0..<x.count / channels where x[t * channels + c] > x[best * channels + c] { best = t }
    return best
  }
}
