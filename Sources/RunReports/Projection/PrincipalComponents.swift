/// The plane in which points of many dimensions are spread widest (Pearson 1901; Hotelling 1933).
///
/// Found by block power iteration on the covariance with a Rayleigh-Ritz step, from a fixed start and with a fixed choice of
/// sign: the same points give the same plane.
struct PrincipalComponents: Sendable {
  /// Each point's coordinates along the first and the second component.
  let points: [(x: Double, y: Double)]
  /// The share of the variance along each.
  let shares: (Double, Double)

  private static let block = 6
  private static let mostIterations = 300

  /// - Parameters:
  ///   - rows: `[count, width]`.
  ///   - width: dimensions.
  /// Complexity: O(count · width² + iterations · width² · 6).
  init(_ rows: [Float], width: Int) {
    let count = width > 0 ? rows.count / width : 0
    var mean = [Double](repeating: 0, count: width)
    for index in 0..<count * width { mean[index % width] += Double(rows[index]) / Double(count) }
    let centred = (0..<count * width).map { Double(rows[$0]) - mean[$0 % width] }
    let covariance = Self.covariance(centred, count: count, width: width)
    let total = (0..<width).reduce(0) { $0 + covariance[$1 * width + $1] }
    let (vectors, values) = Self.largest(covariance, width: width)
    points = (0..<count).map { row in
      let along = vectors.prefix(2).map { vector in
        (0..<width).reduce(0) { $0 + centred[row * width + $1] * vector[$1] }
      }
      return (along.first ?? 0, along.count > 1 ? along[1] : 0)
    }
    let shared = values.map { total > 0 ? max(0, $0) / total : 0 }
    shares = (shared.first ?? 0, shared.count > 1 ? shared[1] : 0)
  }

  private static func covariance(_ x: [Double], count: Int, width: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: width * width)
    x.withUnsafeBufferPointer { x in
      sums.withUnsafeMutableBufferPointer { sums in
        for row in 0..<count {
          for i in 0..<width {
            let a = x[row * width + i]
            for j in i..<width { sums[i * width + j] += a * x[row * width + j] }
          }
        }
      }
    }
    for i in 0..<width {
      for j in i..<width {
        sums[i * width + j] /= Double(max(1, count))
        sums[j * width + i] = sums[i * width + j]
      }
    }
    return sums
  }

  /// Number `i` of vector `k` of the start.
  private static func start(_ i: Int, _ k: Int) -> Double {
    let remainder = (i * (2 * k + 3) + k * k) % 17
    return 1 / Double(1 + remainder)
  }

  /// The eigenvectors of the largest eigenvalues of a symmetric matrix, and these, falling.
  private static func largest(_ matrix: [Double], width: Int) -> (vectors: [[Double]], values: [Double]) {
    let block = min(block, width)
    // A start that is orthogonal to no eigenvector, whatever the matrix, save by accident.
    var vectors = (0..<block).map { k in (0..<width).map { start($0, k) } }
    orthonormalise(&vectors)
    var values = [Double](repeating: 0, count: block)
    for _ in 0..<mostIterations {
      let images = vectors.map { times(matrix, $0) }
      let (rotation, found) = SymmetricMatrix(vectors.map { v in images.map { dot(v, $0) } }).eigenvectors()
      let isSettled = zip(found, values).allSatisfy { abs($0 - $1) <= 1e-12 * (found.first ?? 0) }
      values = found
      if isSettled {
        vectors = rotated(vectors, rotation)
        break
      }
      vectors = rotated(images, rotation)
      orthonormalise(&vectors)
    }
    for k in vectors.indices {
      let largest = vectors[k].max { abs($0) < abs($1) } ?? 0
      if largest < 0 { vectors[k] = vectors[k].map { -$0 } }
    }
    return (vectors, values)
  }

  private static func rotated(_ vectors: [[Double]], _ rotation: [[Double]]) -> [[Double]] {
    rotation.map { weights in
      var sum = [Double](repeating: 0, count: vectors[0].count)
      for (weight, vector) in zip(weights, vectors) { for i in sum.indices { sum[i] += weight * vector[i] } }
      return sum
    }
  }

  /// Gram and Schmidt's, twice for accuracy; a vector that vanishes becomes zero.
  private static func orthonormalise(_ vectors: inout [[Double]]) {
    for k in vectors.indices {
      for _ in 0..<2 {
        for other in 0..<k {
          let along = dot(vectors[k], vectors[other])
          for i in vectors[k].indices { vectors[k][i] -= along * vectors[other][i] }
        }
      }
      let length = dot(vectors[k], vectors[k]).squareRoot()
      vectors[k] = vectors[k].map { length > 1e-150 ? $0 / length : 0 }
    }
  }

  private static func times(_ matrix: [Double], _ vector: [Double]) -> [Double] {
    let width = vector.count
    return matrix.withUnsafeBufferPointer { matrix in
      (0..<width).map { i in
        var sum = 0.0
        for j in 0..<width { sum += matrix[i * width + j] * vector[j] }
        return sum
      }
    }
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in a.indices { sum += a[i] * b[i] }
    return sum
  }
}
