/// Embedding of categories in Double: `x [timesteps, features]`, `table [features × categories, width]`.
public enum ReferenceEmbedding {
  /// `y[t, w] = Σ_f table[f·categories + x[t, f], w]`.
  public static func forward(_ x: [Int], features: Int, table: [Double], categories: Int, width: Int) -> [Double] {
    var y = [Double](repeating: 0, count: x.count / features * width)
    for (at, category) in x.enumerated() {
      let (t, f) = (at / features, at % features)
      for w in 0..<width { y[t * width + w] += table[(f * categories + category) * width + w] }
    }
    return y
  }

  /// `dtable[f·categories + v, w] = Σ_{t: x[t, f] = v} g[t, w]`.
  public static func backward(_ x: [Int], features: Int, gradient g: [Double], categories: Int, width: Int) -> [Double]
  {
    var table = [Double](repeating: 0, count: features * categories * width)
    for (at, category) in x.enumerated() {
      let (t, f) = (at / features, at % features)
      for w in 0..<width { table[(f * categories + category) * width + w] += g[t * width + w] }
    }
    return table
  }
}
