internal import CKernels

extension Convolution {
  /// `act(convolution + bias)`, or `act(skip + convolution + bias)`: a convolution whose output nobody will
  /// differentiate, so that what follows it happens while a chunk of it is in the cache.
  /// - Parameters:
  ///   - weight: `[outputChannels, inputChannels, kernel]`.
  ///   - bias: `[outputChannels]`.
  ///   - skip: `[Σ ceil(length / stride), outputChannels]`, overwritten with the result, and not x; none: the result is
  ///     new.
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
    precondition(skip?.base != x.base, "a convolution cannot overwrite what it reads")
    let packed = PackedWeights(forward: weight, geometry, precision)
    let start = ChannelVector(bias)
    let tail = Tail(activation, bias: bias, precision, hasSkip: skip != nil)
    let inputLayout = x.layout
    let (inputRows, outputRows) = (RowAddresses(x), RowAddresses(output))
    withExtendedLifetime((x, output)) {
      layout.shareLeaves(chunk: geometry.leavesOfChunk) { leaves in
        leaves.run { next in
          let kernels = ConvolutionKernels(precision, geometry, rows: geometry.inputRowsOfChunk)
          start.padded.withUnsafeBufferPointer { start in
            while let piece = next() {
              layout.forEachChunk(of: geometry.leavesOfChunk, in: piece) { sequence, rows in
                let length = inputLayout.length(of: sequence)
                let read = geometry.inputRows(for: rows, length: length)
                let (readRows, written) = (
                  read.moved(by: inputLayout.offsets[sequence]), rows.moved(by: layout.offsets[sequence])
                )
                let y = outputRows.row(written.lowerBound)
                var ahead = LeafAhead(reading: inputRows, behind: readRows, writing: outputRows, behind: written)
                kernels.convolve(
                  geometry.kernelParameters, inputRows.row(readRows.lowerBound), rows: read.count,
                  from: read.lowerBound, length: length, packed, bias: tail.takesBias ? nil : start.baseAddress,
                  tail.output, to: y, rowStride: geometry.outputChannels, rows, ahead: &ahead.places)
                tail.apply(to: y, rows: rows.count, channels: geometry.outputChannels)
              }
            }
          }
        }
      }
    }
    return output
  }
}

/// What follows the sums: as much as can be in the kernel's registers, the rest while the chunk is in the cache.
private struct Tail {
  /// What the kernel does.
  let output: ConvolutionOutput
  /// Whether the bias is added behind the kernel, not in it.
  let takesBias: Bool
  private let map: ChannelAffine?
  private let activation: Activation

  /// In bfloat16 a kernel's own arithmetic takes denormal numbers for zeros where its instruction set does, so that only
  /// sums that begin with the skip, or with the bias, are left to it.
  init(_ activation: Activation, bias: [Float], _ precision: Precision, hasSkip: Bool) {
    let isRectified = activation == .relu && precision == .float32
    var output: ConvolutionOutput = hasSkip ? .added : []
    if isRectified { output.insert(.rectified) }
    self.output = output
    self.activation = activation
    takesBias = hasSkip && precision == .bfloat16
    let ones = [Float](repeating: 1, count: bias.count)
    let shift = takesBias ? bias : [Float](repeating: 0, count: bias.count)
    map = takesBias || (activation != .identity && !isRectified) ? ChannelAffine(scale: ones, shift: shift) : nil
  }

  func apply(to y: UnsafeMutablePointer<Float>, rows: Int, channels: Int) {
    guard let map else { return }
    map.scale.padded.withUnsafeBufferPointer { scale in
      map.shift.padded.withUnsafeBufferPointer { shift in
        Kernels.active.affine_activation(
          y, scale.baseAddress, shift.baseAddress, activation.code, rows, channels, y)
      }
    }
  }
}
