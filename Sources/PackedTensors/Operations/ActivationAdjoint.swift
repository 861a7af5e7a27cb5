internal import CKernels

/// The adjoint of `act(z·scale + shift)` together with the sums that the adjoint of the normalisation before it needs.
public struct ActivationAdjoint {
  /// The normalisation's input, `[timesteps, channels]`.
  public let input: PackedTensor
  /// The map before the activation.
  public let affine: ChannelAffine
  /// The activation.
  public let activation: Activation
  /// `x̂ = z·scale + shift` with these: the normalised input without gain and bias.
  public let standardise: ChannelAffine
  /// Per carried lane `[2 × channels]`: Σ g, then Σ g·x̂, where g is the gradient before the activation.
  public internal(set) var sums: LaneSums

  /// An adjoint with zero sums.
  public init(input: PackedTensor, affine: ChannelAffine, activation: Activation, standardise: ChannelAffine) {
    self.input = input
    self.affine = affine
    self.activation = activation
    self.standardise = standardise
    sums = LaneSums(lanes: input.layout.carriedLanes, count: 2 * input.channels)
  }

  /// Turns rows of the gradient behind the activation into the gradient before it, in place, and adds to the sums.
  mutating func apply(_ gradient: UnsafeMutablePointer<Float>, sequence: Int, rows: Range<Int>, lane: Int) {
    let z = input.row(input.layout.offsets[sequence] + rows.lowerBound)
    let (channels, code) = (input.channels, activation.code)
    affine.scale.padded.withUnsafeBufferPointer { scale in
      affine.shift.padded.withUnsafeBufferPointer { shift in
        standardise.scale.padded.withUnsafeBufferPointer { inverse in
          standardise.shift.padded.withUnsafeBufferPointer { offset in
            sums.withLane(lane) {
              Kernels.active.activation_gradient(
                gradient, z, scale.baseAddress, shift.baseAddress, code, inverse.baseAddress, offset.baseAddress,
                rows.count,
                channels, $0)
            }
          }
        }
      }
    }
  }

  /// Applies the adjoint to a whole gradient, in place.
  public mutating func apply(to gradient: PackedTensor) {
    gradient.layout.forEachLeaf { lane, sequence, rows in
      apply(
        gradient.row(gradient.layout.offsets[sequence] + rows.lowerBound), sequence: sequence, rows: rows, lane: lane)
    }
  }
}
