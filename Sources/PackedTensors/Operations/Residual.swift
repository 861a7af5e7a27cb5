internal import CKernels

/// The end of a residual block: `act(norm(z) + skip)`, where the skip is the block's input or a normalised projection
/// of it.
public struct ResidualJoin {
  /// Input of the branch's last normalisation, `[timesteps, channels]`.
  public let branch: PackedTensor
  /// The branch's last normalisation.
  public let normalisation: Normalisation
  /// The skip: the block's input, or a projection's output before its normalisation.
  public let skip: PackedTensor
  /// The projection's normalisation; none where the skip is the block's input.
  public let skipNormalisation: Normalisation?
  /// The activation behind the sum.
  public let activation: Activation

  /// The parts of a join.
  public init(
    branch: PackedTensor, normalisation: Normalisation, skip: PackedTensor, skipNormalisation: Normalisation?,
    activation: Activation
  ) {
    precondition(
      branch.channels == skip.channels && branch.layout.timesteps == skip.layout.timesteps,
      "a branch of [\(branch.layout.timesteps), \(branch.channels)] meets a skip of [\(skip.layout.timesteps), \(skip.channels)]"
    )
    self.branch = branch
    self.normalisation = normalisation
    self.skip = skip
    self.skipNormalisation = skipNormalisation
    self.activation = activation
  }

  /// The join's output, `[timesteps, channels]`. Reads two tensors, writes one.
  public func forward() -> PackedTensor {
    let output = PackedTensor(layout: branch.layout, channels: branch.channels)
    withMaps { scale, shift, skipScale, skipShift in
      branch.layout.forEachLane { lane in
        let rows = branch.layout.rows(ofLane: lane)
        Kernels.active.residual_activation(
          branch.row(rows.lowerBound), scale, shift, skip.row(rows.lowerBound), skipScale, skipShift, activation.code,
          rows.count, branch.channels, output.row(rows.lowerBound))
      }
    }
    return output
  }

  /// Gradient before the activation, and the sums that the normalisations' adjoints need.
  public struct Adjoint {
    /// Gradient of the sum of branch and skip, `[timesteps, channels]`.
    public let gradient: PackedTensor
    /// Σ g, then Σ g·x̂ of the branch's normalisation, per carried lane.
    public let branchSums: LaneSums
    /// The same of the projection's normalisation.
    public let skipSums: LaneSums?
  }

  /// The adjoint of ``forward()``. A gradient of one row a sequence stands for the same row at every timestep.
  /// - Parameter output: what `forward` returned.
  public func backward(_ gradient: OutputGradient, output: PackedTensor) -> Adjoint {
    let (layout, channels) = (branch.layout, branch.channels)
    let result = PackedTensor(layout: layout, channels: channels)
    var branchSums = LaneSums(lanes: layout.carriedLanes, count: 2 * channels)
    var skipSums = skipNormalisation.map { _ in branchSums }
    withMaps { scale, shift, skipScale, skipShift in
      branchSums.withGradientMoments(normalisation.standardise) { branchMoments in
        withSkipMoments(&skipSums) { skipMoments in
          layout.forEachLane { lane in
            layout.forEachLeaf(ofLane: lane) { sequence, rows in
              let at = layout.offsets[sequence] + rows.lowerBound
              let (source, step) = gradient.rows(from: at, of: sequence)
              let g = result.row(at)
              Kernels.active.residual_gradient(
                source, step, output.row(at), branch.row(at), scale, shift, skip.row(at), skipScale, skipShift,
                activation.code, rows.count, channels, g)
              branchMoments.add(g, against: branch.row(at), rows: rows.count, lane: lane)
              skipMoments?.add(g, against: skip.row(at), rows: rows.count, lane: lane)
            }
          }
        }
      }
    }
    return Adjoint(gradient: result, branchSums: branchSums, skipSums: skipSums)
  }

  private func withSkipMoments(_ sums: inout LaneSums?, _ body: (GradientMoments?) -> Void) {
    guard let skipNormalisation, sums != nil else { return body(nil) }
    sums!.withGradientMoments(skipNormalisation.standardise) { body($0) }
  }

  private typealias Maps = (
    UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>?, UnsafePointer<Float>?
  ) -> Void

  private func withMaps(_ body: Maps) {
    normalisation.affine.scale.padded.withUnsafeBufferPointer { scale in
      normalisation.affine.shift.padded.withUnsafeBufferPointer { shift in
        guard let skipAffine = skipNormalisation?.affine else {
          return body(scale.baseAddress!, shift.baseAddress!, nil, nil)
        }
        skipAffine.scale.padded.withUnsafeBufferPointer { skipScale in
          skipAffine.shift.padded.withUnsafeBufferPointer { skipShift in
            body(scale.baseAddress!, shift.baseAddress!, skipScale.baseAddress, skipShift.baseAddress)
          }
        }
      }
    }
  }
}

/// The gradient of an encoder's output: a row for every timestep, or one row a sequence that holds for all its
/// timesteps.
public struct OutputGradient {
  /// `[timesteps, channels]`, or `[sequences, channels]` where it is repeated.
  public let tensor: PackedTensor
  /// Whether each row holds for all timesteps of its sequence.
  public let isRepeated: Bool

  /// A gradient with a row for every timestep.
  public init(_ tensor: PackedTensor) {
    self.tensor = tensor
    isRepeated = false
  }

  /// A gradient of one row a sequence, `[sequences, channels]`.
  public init(repeating tensor: PackedTensor) {
    self.tensor = tensor
    isRepeated = true
  }

  func rows(from row: Int, of sequence: Int) -> (UnsafePointer<Float>, step: Int) {
    isRepeated
      ? (UnsafePointer(tensor.row(sequence)), 0) : (UnsafePointer(tensor.row(row)), tensor.channels)
  }

  /// The gradient with a row for every timestep of `layout`.
  public func expanded(to layout: RaggedLayout) -> PackedTensor {
    guard isRepeated else { return tensor }
    let result = PackedTensor(layout: layout, channels: tensor.channels)
    for sequence in 0..<layout.sequences {
      for row in layout.rows(of: sequence) {
        result.row(row).update(from: tensor.row(sequence), count: tensor.channels)
      }
    }
    return result
  }
}

/// Sums Σ g, then Σ g·x̂ of the lanes, each to be added to by one thread.
struct GradientMoments {
  fileprivate let inverse, offset: UnsafePointer<Float>
  fileprivate let channels: Int
  fileprivate let sums: UnsafeMutablePointer<Double>

  /// Adds one leaf's.
  func add(_ g: UnsafePointer<Float>, against x: UnsafePointer<Float>, rows: Int, lane: Int) {
    Kernels.active.gradient_moments(g, x, inverse, offset, rows, channels, sums + lane * 2 * channels)
  }
}

extension LaneSums {
  /// - Parameter standardise: x ↦ x̂.
  mutating func withGradientMoments(_ standardise: ChannelAffine, _ body: (GradientMoments) -> Void) {
    standardise.scale.padded.withUnsafeBufferPointer { inverse in
      standardise.shift.padded.withUnsafeBufferPointer { offset in
        withAllLanes {
          body(
            GradientMoments(
              inverse: inverse.baseAddress!, offset: offset.baseAddress!, channels: standardise.scale.count, sums: $0))
        }
      }
    }
  }
}
