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
  /// root mean square (−1...1), then the natural logarithms of the root mean squares.
  /// Complexity: O(values).
  static func apply(to sequence: inout SourceSequence) {
    let (width, values) = (sequence.features, sequence.values)
    let length = values.count / width
    var result = [Float](repeating: 0, count: values.count * outputsPerFeature)
    for feature in 0..<width {
      let moments = values.withUnsafeBufferPointer { SequenceMoments(of: $0, feature: feature, features: width) }
      let (mean, deviation) = (moments.mean, moments.deviation)
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
}
