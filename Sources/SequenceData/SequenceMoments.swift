/// Mean and deviation of one feature of one sequence, summed in Double in the order of timesteps.
public struct SequenceMoments {
  /// Of all timesteps.
  public let mean: Double
  /// The root of the mean square of what is left behind the mean.
  public let deviation: Double

  /// Of `feature` of values `[timesteps, features]`, at least one timestep. Complexity: two passes.
  public init(of values: UnsafeBufferPointer<Float>, feature: Int, features: Int) {
    let places = stride(from: feature, to: values.count, by: features)
    let length = Double(values.count / features)
    var (sum, square) = (0.0, 0.0)
    for place in places { sum += Double(values[place]) }
    mean = sum / length
    for place in places {
      let d = Double(values[place]) - mean
      square += d * d
    }
    deviation = (square / length).squareRoot()
  }
}
