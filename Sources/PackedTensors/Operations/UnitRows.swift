/// Rows of length 1: `z = h / ‖h‖`.
public struct UnitRows {
  /// The unit rows, `[rows, channels]`.
  public let tensor: PackedTensor
  /// 1 / ‖h‖ of each row.
  private let inverse: [Float]
  /// Shorter rows are divided by this instead.
  private static let shortest = 1e-12

  /// The rows of `h`, each divided by its Euclidean length, which is summed in Double.
  public init(_ h: PackedTensor) {
    let tensor = PackedTensor(layout: h.layout, channels: h.channels)
    inverse = (0..<h.layout.timesteps).map { row in
      let (from, to) = (h.row(row), tensor.row(row))
      var sum = 0.0
      for c in 0..<h.channels { sum += Double(from[c]) * Double(from[c]) }
      let inverse = Float(1 / Swift.max(sum.squareRoot(), UnitRows.shortest))
      for c in 0..<h.channels { to[c] = from[c] * inverse }
      return inverse
    }
    self.tensor = tensor
  }

  /// Turns the gradient of the unit rows into that of `h`, in place: `(g − (g·z) z) / ‖h‖`.
  public func backward(_ gradient: PackedTensor) {
    for row in 0..<tensor.layout.timesteps {
      let (g, z) = (gradient.row(row), tensor.row(row))
      var along = 0.0
      for c in 0..<tensor.channels { along += Double(g[c]) * Double(z[c]) }
      for c in 0..<tensor.channels { g[c] = (g[c] - Float(along) * z[c]) * inverse[row] }
    }
  }
}
