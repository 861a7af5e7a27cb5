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

  /// The adjoint as threads that share the leaves use it.
  struct Leaves {
    fileprivate let input: RowAddresses
    fileprivate let code: ck_activation
    fileprivate let scale, shift, inverse, offset: UnsafePointer<Float>
    fileprivate let sums: LeafSums

    /// The adjoint of a piece, to be ended by the thread that begins it.
    func begin(_ piece: LanePiece) -> Piece { Piece(leaves: self, place: sums.begin(piece)) }
  }

  /// The adjoint of one piece, while a thread forms it.
  struct Piece {
    fileprivate let leaves: Leaves
    fileprivate var place: LeafSums.Place

    /// Turns `rows` of the gradient behind the activation, the first of which begins a leaf, into the gradient before
    /// it, in place, and adds to the sums.
    mutating func apply(_ gradient: UnsafeMutablePointer<Float>, rows: Range<Int>) {
      let (leaves, channels) = (leaves, leaves.input.channels)
      place.add(rows: rows.count) { part, sums in
        Kernels.active.activation_gradient(
          gradient + part.lowerBound * channels, leaves.input.row(rows.lowerBound + part.lowerBound), leaves.scale,
          leaves.shift, leaves.code, leaves.inverse, leaves.offset, part.count, channels, sums)
      }
    }

    func end() { leaves.sums.end(place) }
  }

  /// - Parameters:
  ///   - leavesOfEach: how many leaves of the input there are, at most, to one that is shared.
  ///   - body: given the adjoint for as long as it runs; `self` keeps alive what that points to.
  mutating func withLeaves<R>(
    _ leaves: SharedLeaves, leavesOfEach: Int = 1, _ body: (Leaves) throws -> R
  ) rethrows -> R {
    let (rows, code) = (RowAddresses(input), activation.code)
    return try ChannelAffine.withValues(of: affine, standardise) { scale, shift, inverse, offset in
      try sums.withLeaves(leaves, leavesOfEach: leavesOfEach) {
        try body(
          Leaves(input: rows, code: code, scale: scale, shift: shift, inverse: inverse, offset: offset, sums: $0))
      }
    }
  }

  /// Applies the adjoint to a whole gradient, in place.
  public mutating func apply(to gradient: PackedTensor) {
    let layout = gradient.layout
    precondition(layout.offsets == input.layout.offsets, "a gradient and the activation's input of different lengths")
    layout.shareLeaves { leaves in
      withLeaves(leaves) { adjoint in
        leaves.forEach { piece in
          var own = adjoint.begin(piece)
          layout.forEachLeaf(in: piece) { sequence, rows in
            let rows = rows.moved(by: layout.offsets[sequence])
            own.apply(gradient.row(rows.lowerBound), rows: rows)
          }
          own.end()
        }
      }
    }
  }
}
