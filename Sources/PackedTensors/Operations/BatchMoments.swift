/// Mean and variance of each channel over the timesteps of a whole global batch.
public struct BatchMoments: Sendable {
  /// Mean of each channel.
  public let mean: [Double]
  /// Biased variance of each channel: Σ (x − mean)² / count.
  public let variance: [Double]
  /// Timesteps that were summed over.
  public let count: Int

  /// Moments from Σ (x − pivot), then Σ (x − pivot)², a value each for every channel, and the number of timesteps.
  public init(sums: [Double], pivot: ChannelVector, count: Int) {
    let channels = pivot.count
    precondition(sums.count == 2 * channels, "\(sums.count) sums for \(channels) channels")
    let n = Double(max(count, 1))
    var mean = [Double](repeating: 0, count: channels)
    var variance = mean
    for c in 0..<channels {
      let offset = sums[c] / n
      mean[c] = Double(pivot.padded[c]) + offset
      let difference = sums[channels + c] / n - offset * offset
      variance[c] = difference < 0 ? 0 : difference  // `max` would turn a NaN into 0
    }
    self.mean = mean
    self.variance = variance
    self.count = count
  }

  /// Whether all are finite. An infinite variance would make every output zero, and stay in the running statistics.
  public var isFinite: Bool { mean.allSatisfy(\.isFinite) && variance.allSatisfy(\.isFinite) }

  /// Moments that are known already, such as running statistics.
  public init(mean: [Double], variance: [Double], count: Int) {
    self.mean = mean
    self.variance = variance
    self.count = count
  }
}

/// A batch normalisation with its moments known: `y = (x − mean) / √(variance + ε) · gain + bias` (Ioffe and Szegedy
/// 2015).
public struct Normalisation: Sendable {
  /// The moments.
  public let moments: BatchMoments
  /// 1 / √(variance + ε) of each channel.
  public let inverse: [Double]
  /// x ↦ y.
  public let affine: ChannelAffine
  /// x ↦ x̂, the normalised value before gain and bias.
  public let standardise: ChannelAffine
  private let gain: [Double]

  /// The normalisation for given moments, gain (γ) and bias (β).
  public init(moments: BatchMoments, gain: [Float], bias: [Float], epsilon: Double) {
    let inverse = moments.variance.map { 1 / ($0 + epsilon).squareRoot() }
    self.moments = moments
    self.inverse = inverse
    self.gain = gain.map(Double.init)
    let scale = zip(inverse, gain).map { $0 * Double($1) }
    affine = ChannelAffine(
      scale: scale.map { Float($0) },
      shift: (0..<gain.count).map { Float(Double(bias[$0]) - moments.mean[$0] * scale[$0]) })
    standardise = ChannelAffine(
      scale: inverse.map { Float($0) }, shift: (0..<gain.count).map { Float(-moments.mean[$0] * inverse[$0]) })
  }

  /// The adjoint with respect to x in training, where the moments depend on x:
  /// `dx = γ/σ · (g − Σg/N − x̂ · Σ(g·x̂)/N)`.
  /// - Parameter sums: Σ g, then Σ g·x̂, a value each for every channel, over the global batch.
  public func adjoint(sums: [Double]) -> NormalisationAdjoint {
    let channels = gain.count
    precondition(sums.count == 2 * channels, "\(sums.count) sums for \(channels) channels")
    let n = Double(max(moments.count, 1))
    var (a, b, c) = ([Float](), [Float](), [Float]())
    for k in 0..<channels {
      let scale = gain[k] * inverse[k]
      let slope = -scale * inverse[k] * (sums[channels + k] / n)
      a.append(Float(scale))
      b.append(Float(slope))
      c.append(Float(-scale * (sums[k] / n) - slope * moments.mean[k]))
    }
    return NormalisationAdjoint(a: a, b: b, c: c)
  }

  /// The adjoint with respect to x where the moments are fixed (frozen or running statistics): `dx = γ/σ · g`.
  public var frozenAdjoint: NormalisationAdjoint {
    let zeros = [Float](repeating: 0, count: gain.count)
    return NormalisationAdjoint(a: zip(gain, inverse).map { Float($0 * $1) }, b: zeros, c: zeros)
  }
}
