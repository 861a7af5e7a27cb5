/// A small symmetric matrix.
struct SymmetricMatrix: Sendable {
  private var a: [[Double]]

  /// - Parameter rows: of which only the symmetric part counts.
  init(_ rows: [[Double]]) {
    a = rows.indices.map { i in rows.indices.map { (rows[i][$0] + rows[$0][i]) / 2 } }
  }

  /// All eigenvectors, a row each, and their eigenvalues, falling: by Jacobi's rotations (Golub and Van Loan, Matrix
  /// Computations, 8.5).
  func eigenvectors() -> (vectors: [[Double]], values: [Double]) {
    var a = a
    let size = a.count
    var vectors = (0..<size).map { i in (0..<size).map { i == $0 ? 1.0 : 0 } }
    for _ in 0..<60 {
      let off = (0..<size).reduce(0) { sum, i in sum + (0..<size).reduce(0) { $1 == i ? $0 : $0 + a[i][$1] * a[i][$1] }
      }
      let diagonal = (0..<size).reduce(0) { $0 + a[$1][$1] * a[$1][$1] }
      if off <= 1e-30 * diagonal { break }
      for p in 0..<size {
        for q in p + 1..<max(p + 1, size) where a[p][q] != 0 {
          let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
          let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
          let c = 1 / (t * t + 1).squareRoot()
          let s = t * c
          for k in 0..<size { (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]) }
          for k in 0..<size { (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]) }
          for k in 0..<size {
            (vectors[p][k], vectors[q][k]) = (
              c * vectors[p][k] - s * vectors[q][k], s * vectors[p][k] + c * vectors[q][k]
            )
          }
        }
      }
    }
    let order = (0..<size).sorted { a[$0][$0] > a[$1][$1] }
    return (order.map { vectors[$0] }, order.map { a[$0][$0] })
  }
}
