internal import CKernels

extension Convolution {
  /// `act(convolution + bias)`, or `act(skip + convolution + bias)`: a convolution whose output nobody will
  /// differentiate, so that what follows it happens while a leaf of it is in the cache.
  /// - Parameters:
  ///   - weight: `[outputChannels, inputChannels, kernel]`.
  ///   - bias: `[outputChannels]`.
  ///   - skip: `[Σ ceil(length / stride), outputChannels]`, overwritten with the result; none: the result is new.
  /// - Returns: `[Σ ceil(length / stride), outputChannels]`.
  /// - Complexity: `2·in·out·kernel` FLOP a timestep; reads the input, and the skip, and writes the output once.
  public static func evaluate(
    _ geometry: ConvolutionGeometry, _ x: PackedTensor, weight: UnsafePointer<Float>, bias: [Float],
    precision: Precision = .float32, activation: Activation, overwriting skip: PackedTensor? = nil
  ) -> PackedTensor {
    precondition(
      x.channels == geometry.inputChannels, "\(x.channels) channels given to a convolution of \(geometry.inputChannels)"
    )
    let layout = x.layout.strided(by: geometry.stride)
    let output = skip ?? PackedTensor(layout: layout, channels: geometry.outputChannels)
    precondition(
      output.layout.timesteps == layout.timesteps && output.channels == geometry.outputChannels,
      "a skip of [\(output.layout.timesteps), \(output.channels)] meets a convolution's output of [\(layout.timesteps), \(geometry.outputChannels)]"
    )
    let packed = PackedWeights(forward: weight, geometry, precision)
    let start = ChannelVector(bias)
    var form: ConvolutionOutput = skip == nil ? [] : .added
    if activation == .relu { form.insert(.rectified) }
    start.padded.withUnsafeBufferPointer { start in
      layout.forEachLane { lane in
        let loader = InputLoader(NormalisedInput(x), geometry)
        let kernels = ConvolutionKernels(precision, geometry, rows: geometry.inputRowsOfLeaf)
        layout.forEachLeaf(ofLane: lane) { sequence, rows in
          let length = x.layout.length(of: sequence)
          let read = geometry.inputRows(for: rows, length: length)
          let y = output.row(layout.offsets[sequence] + rows.lowerBound)
          kernels.convolve(
            geometry.kernelParameters, loader.rows(read, of: sequence), rows: read.count, from: read.lowerBound,
            length: length, packed, bias: start.baseAddress, form, to: y, rowStride: geometry.outputChannels, rows)
          if activation == .gelu { activation.apply(to: y, rows: rows.count, channels: geometry.outputChannels) }
        }
      }
    }
    return output
  }
}

extension Activation {
  /// Applies the activation to rows, in place.
  fileprivate func apply(to y: UnsafeMutablePointer<Float>, rows: Int, channels: Int) {
    let identity = ChannelAffine.identity(channels: channels)
    identity.scale.padded.withUnsafeBufferPointer { one in
      identity.shift.padded.withUnsafeBufferPointer { zero in
        Kernels.active.affine_activation(y, one.baseAddress, zero.baseAddress, code, rows, channels, y)
      }
    }
  }
}
