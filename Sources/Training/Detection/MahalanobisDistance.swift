/// Distances from the mean of some embeddings in units of their spread: √((x − μ)ᵀ (Σ + λI)⁻¹ (x − μ)) (Mahalanobis
/// 1936; for detection with a trained network's features Lee et al., NeurIPS 2018).
///
/// λ is a thousandth of the mean variance of a channel, so that a channel that never varied, such as a rectified one that
/// stays zero, counts much and not without bound. All is summed in Double in the order of the rows.
struct MahalanobisDistance {
  private let width: Int
  private let mean: [Double]
  /// The lower triangle L of (Σ + λI) = L Lᵀ, `[width, width]`.
  private let factor: [Double]

  /// Sums of rows for a mean and a covariance.
  struct Sums {
    let width: Int
    private(set) var count = 0
    private var pivot: [Double] = []
    private var first: [Double]
    private var second: [Double]

    init(width: Int) {
      self.width = width
      first = Array(repeating: 0, count: width)
      second = Array(repeating: 0, count: width * width)
    }

    /// Adds rows of `width` values. Complexity: O(rows · width²).
    mutating func add(_ rows: [Float]) {
      // About the first row, which keeps digits where the mean is far from zero.
      if pivot.isEmpty, rows.count >= width { pivot = rows[..<width].map(Double.init) }
      var d = [Double](repeating: 0, count: width)
      for start in stride(from: 0, to: rows.count, by: width) {
        for i in 0..<width { d[i] = Double(rows[start + i]) - pivot[i] }
        second.withUnsafeMutableBufferPointer { second in
          for i in 0..<width {
            first[i] += d[i]
            for j in 0...i { second[i * width + j] += d[i] * d[j] }
          }
        }
        count += 1
      }
    }

    /// Mean, and the lower triangle of the covariance.
    fileprivate var moments: (mean: [Double], covariance: [Double]) {
      let n = Double(count)
      let offset = first.map { $0 / n }
      var covariance = second.map { $0 / n }
      for i in 0..<width { for j in 0...i { covariance[i * width + j] -= offset[i] * offset[j] } }
      return ((0..<width).map { pivot[$0] + offset[$0] }, covariance)
    }
  }

  /// Fits mean and covariance. Complexity: O(width³).
  /// - Parameter sums: of at least one row.
  init(_ sums: Sums) {
    precondition(sums.count > 0, "no embeddings to measure from")
    let width = sums.width
    self.width = width
    let (mean, covariance) = sums.moments
    self.mean = mean
    let trace = (0..<width).reduce(0.0) { $0 + max(0, covariance[$1 * width + $1]) }
    // All rows equal: any difference is then far away.
    let ridge = max(1e-3 * trace / Double(width), 1e-12)
    var factor = [Double](repeating: 0, count: width * width)
    for i in 0..<width {
      for j in 0...i {
        var sum = covariance[i * width + j] + (i == j ? ridge : 0)
        for k in 0..<j { sum -= factor[i * width + k] * factor[j * width + k] }
        // Rounding may leave a pivot of a singular covariance below the ridge, never what the ridge alone would give.
        factor[i * width + j] = i == j ? max(sum, ridge / 2).squareRoot() : sum / factor[j * width + j]
      }
    }
    self.factor = factor
  }

  /// The distance of each row. Complexity: O(rows · width²).
  func distances(_ rows: [Float]) -> [Double] {
    var z = [Double](repeating: 0, count: width)
    return stride(from: 0, to: rows.count, by: width).map { start in
      var square = 0.0
      for i in 0..<width {
        var sum = Double(rows[start + i]) - mean[i]
        for k in 0..<i { sum -= factor[i * width + k] * z[k] }
        z[i] = sum / factor[i * width + i]
        square += z[i] * z[i]
      }
      return square.squareRoot()
    }
  }
}
