/// Attention of one head over one sequence in Double, with the whole matrix of weights (Vaswani et al. 2017): the
/// specification of ``Attention``.
public enum ReferenceAttention {
  /// `o[t] = Σ_u w[t, u] v[u]`, `w[t] = softmax_u(q[t]·k[u] · scale)`, u ≤ t where causal. All are `[length, depth]`.
  public static func forward(
    _ q: [Double], _ k: [Double], _ v: [Double], depth: Int, scale: Double, isCausal: Bool
  ) -> (output: [Double], logSums: [Double]) {
    let length = q.count / depth
    let (w, logSums) = weights(q, k, depth: depth, scale: scale, isCausal: isCausal)
    var output = [Double](repeating: 0, count: q.count)
    for t in 0..<length {
      for u in 0..<length { for c in 0..<depth { output[t * depth + c] += w[t * length + u] * v[u * depth + c] } }
    }
    return (output, logSums)
  }

  /// The adjoint: gradients of q, k and v for a gradient of the output.
  public static func backward(
    _ q: [Double], _ k: [Double], _ v: [Double], _ g: [Double], depth: Int, scale: Double, isCausal: Bool
  ) -> (q: [Double], k: [Double], v: [Double]) {
    let length = q.count / depth
    let (w, _) = weights(q, k, depth: depth, scale: scale, isCausal: isCausal)
    var (dq, dk, dv) = (q, k, v)
    for at in q.indices { (dq[at], dk[at], dv[at]) = (0, 0, 0) }
    for t in 0..<length {
      let slopes = (0..<length).map { u in (0..<depth).reduce(0) { $0 + g[t * depth + $1] * v[u * depth + $1] } }
      let mean = (0..<length).reduce(0) { $0 + w[t * length + $1] * slopes[$1] }
      for u in 0..<length {
        let (weight, slope) = (w[t * length + u], w[t * length + u] * (slopes[u] - mean) * scale)
        for c in 0..<depth {
          dq[t * depth + c] += slope * k[u * depth + c]
          dk[u * depth + c] += slope * q[t * depth + c]
          dv[u * depth + c] += weight * g[t * depth + c]
        }
      }
    }
    return (dq, dk, dv)
  }

  private static func weights(
    _ q: [Double], _ k: [Double], depth: Int, scale: Double, isCausal: Bool
  ) -> (weights: [Double], logSums: [Double]) {
    let length = q.count / depth
    var w = [Double](repeating: 0, count: length * length)
    var logSums: [Double] = []
    for t in 0..<length {
      let seen = isCausal ? t + 1 : length
      let scores = (0..<seen).map { u in
        (0..<depth).reduce(0) { $0 + q[t * depth + $1] * k[u * depth + $1] } * scale
      }
      let largest = scores.max()!
      let sum = scores.reduce(0) { $0 + Elementary.exp($1 - largest) }
      for u in 0..<seen { w[t * length + u] = Elementary.exp(scores[u] - largest) / sum }
      logSums.append(largest + Elementary.log(sum))
    }
    return (w, logSums)
  }
}
