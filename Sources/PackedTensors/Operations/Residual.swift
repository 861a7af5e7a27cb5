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
    withKernel { join in
      branch.layout.forEachRows { rows in
        let first = rows.lowerBound
        Kernels.active.join(join, branch.row(first), skip.row(first), rows.count, output.row(first))
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
    var skipSums = LaneSums(lanes: layout.carriedLanes, count: skipNormalisation == nil ? 0 : 2 * channels)
    withKernel { join in
      layout.shareLeaves { leaves in
        branchSums.withLeaves(leaves) { branchSums in
          skipSums.withLeaves(leaves) { skipSums in
            leaves.forEach { piece in
              var (own, ofSkip) = (branchSums.begin(piece), skipSums.begin(piece))
              layout.forEachLeaf(in: piece) { sequence, rows in
                let at = layout.offsets[sequence] + rows.lowerBound
                let (source, step) = gradient.rows(from: at, of: sequence)
                // Of one leaf's rows both are given all.
                own.add(rows: rows.count) { _, sums in
                  ofSkip.add(rows: rows.count) { _, skipSums in
                    Kernels.active.join_gradient(
                      join, source, step, output.row(at), branch.row(at), skip.row(at), rows.count, result.row(at),
                      sums, skipSums)
                  }
                }
              }
              branchSums.end(own)
              skipSums.end(ofSkip)
            }
          }
        }
      }
    }
    return Adjoint(
      gradient: result, branchSums: branchSums, skipSums: skipNormalisation.map { _ in skipSums })
  }

  /// Gives the join to `body` as kernels read it.
  private func withKernel(_ body: (UnsafePointer<ck_join>) -> Void) {
    var join = ck_join()
    join.channels = branch.channels
    join.act = activation.code
    ChannelAffine.withValues(of: normalisation.affine, normalisation.standardise) { scale, shift, inverse, offset in
      (join.scale, join.shift, join.inverse, join.offset) = (scale, shift, inverse, offset)
      guard let skip = skipNormalisation else { return body(&join) }
      ChannelAffine.withValues(of: skip.affine, skip.standardise) { scale, shift, inverse, offset in
        (join.r_scale, join.r_shift, join.r_inverse, join.r_offset) = (scale, shift, inverse, offset)
        body(&join)
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
