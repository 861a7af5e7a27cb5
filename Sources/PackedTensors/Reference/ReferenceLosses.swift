/// Losses of one row in Double, and their gradients.
public enum ReferenceLosses {
  /// `p_j = exp(z_j − max z) / Σ_i exp(z_i − max z)`.
  public static func softmax(_ z: [Double]) -> [Double] {
    let largest = z.max() ?? 0
    let exponentials = z.map { Elementary.exp($0 - largest) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }

  /// `−Σ_j q_j·ln p_j` with `q_j = s/K`, and `1 − s + s/K` for the target: cross-entropy with a share s spread over K
  /// classes.
  public static func crossEntropy(_ z: [Double], target: Int, smoothing s: Double = 0) -> Double {
    let largest = z.max() ?? 0
    let logarithm = largest + Elementary.log(z.reduce(0) { $0 + Elementary.exp($1 - largest) })
    return zip(z, distribution(z.count, target: target, smoothing: s)).reduce(0) { $0 - $1.1 * ($1.0 - logarithm) }
  }

  /// The gradient of the cross-entropy: `p_j − q_j`.
  public static func crossEntropyGradient(_ z: [Double], target: Int, smoothing s: Double = 0) -> [Double] {
    zip(softmax(z), distribution(z.count, target: target, smoothing: s)).map { $0 - $1 }
  }

  private static func distribution(_ classes: Int, target: Int, smoothing s: Double) -> [Double] {
    (0..<classes).map { s / Double(classes) + ($0 == target ? 1 - s : 0) }
  }

  /// `d²/2` where `|d| ≤ δ`, `δ·(|d| − δ/2)` beyond, for `d = prediction − target` (Huber 1964).
  public static func huber(_ prediction: Double, _ target: Double, delta: Double) -> Double {
    let d = prediction - target
    return abs(d) <= delta ? d * d / 2 : delta * (abs(d) - delta / 2)
  }

  /// The derivative of the Huber loss: `d`, held within `±δ`.
  public static func huberGradient(_ prediction: Double, _ target: Double, delta: Double) -> Double {
    min(max(prediction - target, -delta), delta)
  }
}
