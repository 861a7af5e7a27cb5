import PackedTensors
import SequenceData

/// What is done to values before an encoder reads them as numbers.
public enum InputNormalisation: Sendable, Equatable {
  /// Nothing.
  case none
  /// `(x − mean) / deviation`, a mean and a deviation for each feature, from the training split.
  case dataset(mean: [Double], deviation: [Double])
  /// `(x − mean) / deviation` of the sequence itself, feature by feature.
  case sequence

  /// Added to a deviation before dividing, so that a constant feature becomes zero.
  static let smallestDeviation = 1e-6

  /// Normalises the values of one sequence, `[length, features]`, in place. Moments are summed in Double in timestep
  /// order.
  func apply(to values: UnsafeMutableBufferPointer<Float>, features: Int) {
    guard let (mean, deviation) = moments(of: values, features: features) else { return }
    apply(mean, deviation, to: values)
  }

  /// Brings values of one sequence, `[length, features]`, which are as an encoder reads them, back to the data set's
  /// units, in place.
  /// - Parameter raw: the sequence as the data set holds it.
  func undo(_ values: UnsafeMutableBufferPointer<Float>, of raw: UnsafeMutableBufferPointer<Float>, features: Int) {
    guard let (mean, deviation) = moments(of: raw, features: features) else { return }
    for index in values.indices {
      let feature = index % features
      let scale = deviation[feature] + InputNormalisation.smallestDeviation
      values[index] = Float(Double(values[index]) * scale + mean[feature])
    }
  }

  /// Mean and deviation of each feature by which a sequence is normalised; nil where it is not.
  private func moments(
    of values: UnsafeMutableBufferPointer<Float>, features: Int
  ) -> (mean: [Double], deviation: [Double])? {
    switch self {
    case .none: return nil
    case .dataset(let mean, let deviation): return (mean, deviation)
    case .sequence:
      let moments = (0..<features).map {
        SequenceMoments(of: UnsafeBufferPointer(values), feature: $0, features: features)
      }
      return (moments.map(\.mean), moments.map(\.deviation))
    }
  }

  private func apply(_ mean: [Double], _ deviation: [Double], to values: UnsafeMutableBufferPointer<Float>) {
    let features = mean.count
    for feature in 0..<features {
      let scale = 1 / (deviation[feature] + InputNormalisation.smallestDeviation)
      var index = feature
      while index < values.count {
        values[index] = Float((Double(values[index]) - mean[feature]) * scale)
        index += features
      }
    }
  }
}
