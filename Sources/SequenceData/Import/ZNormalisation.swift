import PackedTensors

/// Gives every sequence mean 0 and deviation 1, feature by feature, and keeps what that takes away as features of its own.
///
/// Where sequences' sizes span decades, each divided by its own deviation can be learned from, and all of them divided by one
/// cannot; but how large a sequence is, and where its middle lies, may tell classes apart too. A network that reads both
/// learns from either, and nothing is lost.
enum ZNormalisation {
  /// Features made of each: itself, and two that are constant over the sequence.
  static let outputsPerFeature = 3
  /// A deviation that is a smaller part of the root mean square is Float's rounding: the feature is constant, and becomes 0.
  private static let leastRelativeDeviation = 1e-6
  /// A root mean square below this has the logarithm of this.
  private static let leastRootMeanSquare = 1e-12

  /// Replaces finite values `[timesteps, n]` by `[timesteps, 3·n]`: behind the n normalised features the means, as parts of the
  /// root mean square (−1...1), then the natural logarithms of the root mean squares. Moments are summed in Double in the
  /// order of timesteps. Complexity: O(values).
  static func apply(to sequence: inout SourceSequence) {
    let (width, values) = (sequence.features, sequence.values)
    let length = values.count / width
    var result = [Float](repeating: 0, count: values.count * outputsPerFeature)
    for feature in 0..<width {
      let (mean, deviation) = moments(values, feature, width, length)
      let rootMeanSquare = (mean * mean + deviation * deviation).squareRoot()
      let isConstant = deviation <= leastRelativeDeviation * rootMeanSquare
      let relativeMean = rootMeanSquare > 0 ? mean / rootMeanSquare : 0
      let logarithm = Elementary.log(max(rootMeanSquare, leastRootMeanSquare))
      for t in 0..<length {
        let row = t * width * outputsPerFeature
        let value = Double(values[t * width + feature])
        result[row + feature] = isConstant ? 0 : Float((value - mean) / deviation)
        result[row + width + feature] = Float(relativeMean)
        result[row + 2 * width + feature] = Float(logarithm)
      }
    }
    sequence.values = result
    sequence.features = width * outputsPerFeature
  }

  private static func moments(
    _ values: [Float], _ feature: Int, _ width: Int, _ length: Int
  ) -> (mean: Double, deviation: Double) {
    let places = stride(from: feature, to: values.count, by: width)
    let mean = places.reduce(0) { $0 + Double(values[$1]) } / Double(length)
    let squares = places.reduce(0.0) { sum, place in
      let d = Double(values[place]) - mean
      return sum + d * d
    }
    return (mean, (squares / Double(length)).squareRoot())
  }
}
