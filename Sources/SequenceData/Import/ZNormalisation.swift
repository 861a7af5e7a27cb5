import PackedTensors

/// Gives every sequence mean 0 and deviation 1, feature by feature, and keeps what that takes away as features of its own.
///
/// Where sequences' sizes span decades, each divided by its own deviation can be learned from, and all of them divided by one
/// cannot; but how large a sequence is, and where its middle lies, may tell classes apart too. A network that reads both
/// learns from either.
enum ZNormalisation {
  /// Features made of each: itself, and two that are constant over the sequence.
  static let features = 3
  /// Added to a deviation, so that a constant feature becomes zero.
  private static let smallestDeviation = 1e-6

  /// Replaces finite values `[timesteps, n]` by `[timesteps, 3·n]`: behind the n normalised features their means, as shares of
  /// the root mean square (−1...1), then the natural logarithms of their deviations. Moments are summed in Double in the
  /// order of timesteps. Complexity: O(values).
  static func apply(to sequence: inout SourceSequence) {
    let (width, values) = (sequence.features, sequence.values)
    let length = values.count / width
    var result = [Float](repeating: 0, count: values.count * features)
    for feature in 0..<width {
      let (mean, deviation) = moments(values, feature, width, length)
      let rootMeanSquare = (mean * mean + deviation * deviation).squareRoot()
      let middle = rootMeanSquare > 0 ? mean / rootMeanSquare : 0
      let size = Elementary.log(deviation + smallestDeviation)
      for t in 0..<length {
        let row = t * width * features
        let value = Double(values[t * width + feature])
        result[row + feature] = Float((value - mean) / (deviation + smallestDeviation))
        result[row + width + feature] = Float(middle)
        result[row + 2 * width + feature] = Float(size)
      }
    }
    sequence.values = result
    sequence.features = width * features
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
