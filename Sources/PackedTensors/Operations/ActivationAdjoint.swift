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

  /// The adjoint as threads use it: each adds to the sums of lanes of its own.
  struct Lanes {
    fileprivate let input: RowAddresses
    fileprivate let code: ck_activation
    fileprivate let scale, shift, inverse, offset: UnsafePointer<Float>
    fileprivate let sums: UnsafeMutablePointer<Double>

    /// Turns `rows` of the gradient behind the activation into the gradient before it, in place, and adds to the sums.
    func apply(_ gradient: UnsafeMutablePointer<Float>, rows: Range<Int>, lane: Int) {
      let channels = input.channels
      Kernels.active.activation_gradient(
        gradient, input.row(rows.lowerBound), scale, shift, code, inverse, offset, rows.count, channels,
        sums + lane * 2 * channels)
    }
  }

  /// - Parameter body: given the adjoint for as long as it runs; `self` keeps alive what that points to.
  mutating func withLanes<R>(_ body: (Lanes) throws -> R) rethrows -> R {
    let (rows, code) = (RowAddresses(input), activation.code)
    return try ChannelAffine.withValues(of: affine, standardise) { scale, shift, inverse, offset in
      try sums.withAllLanes {
        try body(
          Lanes(input: rows, code: code, scale: scale, shift: shift, inverse: inverse, offset: offset, sums: $0))
      }
    }
  }

  /// Applies the adjoint to a whole gradient, in place.
  public mutating func apply(to gradient: PackedTensor) {
    let layout = gradient.layout
    precondition(layout.offsets == input.layout.offsets, "a gradient and the activation's input of different lengths")
    withLanes { lanes in
      layout.forEachLane { lane in
        layout.forEachLeaf(ofLane: lane) { sequence, rows in
          let rows = rows.moved(by: layout.offsets[sequence])
          lanes.apply(gradient.row(rows.lowerBound), rows: rows, lane: lane)
        }
      }
    }
  }
}
