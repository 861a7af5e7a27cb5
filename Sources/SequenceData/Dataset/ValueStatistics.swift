/// What a seal records of the values of one file, over all its timesteps.
public struct ValueStatistics: Codable, Sendable, Equatable {
  /// The number of timesteps.
  public private(set) var timesteps: Int
  /// The least value of all features.
  public private(set) var minimum: Double
  /// The greatest value of all features.
  public private(set) var maximum: Double
  /// The mean of each feature.
  public private(set) var mean: [Double]
  /// The sum of squared deviations from the mean of each feature; divided by `timesteps` it is the variance.
  public private(set) var squaredDeviations: [Double]

  /// Sums that are fed sequence by sequence. Deviations are taken from the first timestep, so that little cancels.
  struct Accumulator {
    private let features: Int
    private var origin: [Double] = []
    private var sums: [Double]
    private var squares: [Double]
    private var timesteps = 0
    private var minimum = Float.infinity
    private var maximum = -Float.infinity

    init(features: Int) {
      self.features = features
      sums = Array(repeating: 0, count: features)
      squares = sums
    }

    /// Adds `[timesteps, features]` finite values. Complexity: O(values).
    mutating func add(_ values: UnsafeBufferPointer<Float>) {
      guard !values.isEmpty else { return }
      if origin.isEmpty { origin = values[..<features].map(Double.init) }
      for feature in 0..<features {
        let start = origin[feature]
        var sum = 0.0
        var square = 0.0
        var index = feature
        while index < values.count {
          let value = values[index]
          minimum = min(minimum, value)
          maximum = max(maximum, value)
          let deviation = Double(value) - start
          sum += deviation
          square += deviation * deviation
          index &+= features
        }
        sums[feature] += sum
        squares[feature] += square
      }
      timesteps += values.count / features
    }

    /// The statistics of all that was added, or nil if nothing was.
    var statistics: ValueStatistics? {
      guard timesteps > 0 else { return nil }
      let count = Double(timesteps)
      return ValueStatistics(
        timesteps: timesteps, minimum: Double(minimum), maximum: Double(maximum),
        mean: (0..<features).map { origin[$0] + sums[$0] / count },
        squaredDeviations: (0..<features).map { max(0, squares[$0] - sums[$0] * sums[$0] / count) })
    }
  }
}
