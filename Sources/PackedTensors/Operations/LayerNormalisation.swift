internal import CKernels

/// Layer normalisation: every timestep by the mean and variance of its own channels (Ba, Kiros and Hinton 2016,
/// arXiv:1607.06450).
public enum LayerNormalisation {
  /// `y = (x − mean) / √(variance + ε) · gain + bias`, `[timesteps, channels]`; the variance is the biased one.
  /// - Parameter gain: `[channels]`, as `bias`.
  public static func forward(_ x: PackedTensor, gain: [Float], bias: [Float], epsilon: Float) -> PackedTensor {
    precondition(
      gain.count == x.channels && bias.count == x.channels,
      "\(gain.count) gains and \(bias.count) biases for \(x.channels) channels")
    let output = PackedTensor(layout: x.layout, channels: x.channels)
    let (gain, bias) = (ChannelVector(gain), ChannelVector(bias))
    gain.padded.withUnsafeBufferPointer { gain in
      bias.padded.withUnsafeBufferPointer { bias in
        x.layout.forEachRows { rows in
          Kernels.active.layer_norm(
            x.row(rows.lowerBound), gain.baseAddress, bias.baseAddress, epsilon, rows.count, x.channels,
            output.row(rows.lowerBound))
        }
      }
    }
    return output
  }

  /// The adjoint of ``forward(_:gain:bias:epsilon:)``; moments are computed again from x.
  /// - Parameters:
  ///   - target: the tensor to which the gradient of x is added; none: a new one is written.
  ///   - laneFinished: given each carried lane's gradients of bias, then gain, `[2 × channels]`, in lane order. The memory
  ///     is used again after it returns.
  /// - Returns: the gradient of x, `[timesteps, channels]`.
  public static func backward(
    _ x: PackedTensor, _ gradient: PackedTensor, gain: [Float], epsilon: Float, addedTo target: PackedTensor? = nil,
    laneFinished: (_ lane: Int, UnsafeMutablePointer<Float>) throws -> Void
  ) rethrows -> PackedTensor {
    let (layout, channels) = (x.layout, x.channels)
    precondition(gradient.count == x.count, "a gradient of \(gradient.count) elements for \(x.count)")
    let output = target ?? PackedTensor(layout: layout, channels: channels)
    let how = target == nil ? 0 : Int32(CK_ADD.rawValue)
    let gain = ChannelVector(gain)
    try gain.padded.withUnsafeBufferPointer { gain in
      try layout.forEachLane(
        elements: 2 * channels,
        sum: { pieces, sums in
          sums.update(repeating: 0, count: 2 * channels)
          for piece in pieces {
            layout.forEachLeaf(in: piece) { sequence, rows in
              let first = layout.offsets[sequence] + rows.lowerBound
              Kernels.active.layer_norm_gradient(
                x.row(first), gradient.row(first), gain.baseAddress, epsilon, rows.count, channels, how,
                output.row(first), sums)
            }
          }
        }, finish: laneFinished)
    }
    return output
  }
}
