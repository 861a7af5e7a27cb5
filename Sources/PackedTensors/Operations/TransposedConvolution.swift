internal import CKernels

/// Transposed convolution over packed sequences: the adjoint of a ``Convolution`` with respect to its input, as a forward
/// operation. With stride s a sequence of `ceil(n / s)` timesteps becomes one of n: no output is cut off or filled up.
///
/// `y[u, i] = bias[i] + Σ_{t, k: t·stride − left + k·dilation = u} Σ_o x[t, o]·weight[o, i, k]`, where `geometry` is the
/// convolution's: it reads what this writes. Its `outputChannels` are read here, its `inputChannels` written.
public enum TransposedConvolution {
  /// The output, `[layout.timesteps, geometry.inputChannels]`.
  /// - Parameters:
  ///   - x: `[Σ ceil(length / stride), geometry.outputChannels]`.
  ///   - weight: `[outputChannels, inputChannels, kernel]`.
  ///   - bias: `[inputChannels]`.
  ///   - layout: of the output; strided by the geometry's stride it is that of `x`.
  /// - Complexity: `2·in·out·kernel` FLOP a timestep of `x`.
  public static func forward(
    _ geometry: ConvolutionGeometry, _ x: PackedTensor, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    precision: Precision = .float32, layout: RaggedLayout
  ) -> PackedTensor {
    precondition(
      layout.strided(by: geometry.stride).offsets == x.layout.offsets,
      "\(x.layout.timesteps) timesteps do not become \(layout.timesteps) with stride \(geometry.stride)")
    let output = PackedTensor(layout: layout, channels: geometry.inputChannels)
    layout.forEachRows { rows in
      for row in rows { output.row(row).update(from: bias, count: output.channels) }
    }
    var none: ActivationAdjoint?
    return Convolution.inputGradient(
      geometry, NormalisedGradient(x), weight: weight, precision: precision, layout: layout, addedTo: output,
      activation: &none)
  }

  /// The adjoint of ``forward(_:_:weight:bias:precision:layout:)``.
  /// - Parameters:
  ///   - x: what `forward` read.
  ///   - gradient: gradient of the output.
  ///   - laneFinished: given each carried lane's gradient of the weight and of the bias, `[inputChannels]`, in lane order.
  ///     The memory is used again after it returns.
  /// - Returns: the gradient of `x`.
  /// - Complexity: `4·in·out·kernel` FLOP a timestep of `x`.
  public static func backward(
    _ geometry: ConvolutionGeometry, _ x: PackedTensor, _ gradient: PackedTensor, weight: UnsafePointer<Float>,
    precision: Precision = .float32,
    laneFinished: (_ lane: Int, ConvolutionLaneGradient, _ bias: UnsafePointer<Float>) throws -> Void
  ) rethrows -> PackedTensor {
    let bias = StoragePool.shared.lease(geometry.inputChannels)
    try Convolution.parameterGradient(
      geometry, NormalisedInput(gradient), NormalisedGradient(x), precision: precision, withBias: false
    ) { lane, part in
      bias.base.update(repeating: 0, count: gradient.channels)
      gradient.layout.forEachLeaf(ofLane: lane) { sequence, rows in
        Kernels.active.column_sums(
          gradient.row(gradient.layout.offsets[sequence] + rows.lowerBound), nil, rows.count, gradient.channels,
          bias.base)
      }
      try laneFinished(lane, part, bias.base)
    }
    var none: MomentSums?
    return Convolution.forward(
      geometry, NormalisedInput(gradient), weight: weight, bias: nil, precision: precision, moments: &none)
  }
}
