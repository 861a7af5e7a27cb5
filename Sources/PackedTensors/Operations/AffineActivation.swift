internal import CKernels

extension NormalisedInput {
  /// The tensor as its reader would see it, written out: `act(x·scale + shift)`, `[timesteps, channels]`.
  public func materialised() -> PackedTensor {
    guard let affine else { return tensor }
    let output = PackedTensor(layout: tensor.layout, channels: tensor.channels)
    affine.scale.padded.withUnsafeBufferPointer { scale in
      affine.shift.padded.withUnsafeBufferPointer { shift in
        Kernels.active.affine_activation(
          tensor.base, scale.baseAddress, shift.baseAddress, activation.code, tensor.layout.timesteps, tensor.channels,
          output.base)
      }
    }
    return output
  }
}
