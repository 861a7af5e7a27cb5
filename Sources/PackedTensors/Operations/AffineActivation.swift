internal import CKernels

extension NormalisedInput {
  /// The tensor as its reader would see it, written out: `act(x·scale + shift)`, `[timesteps, channels]`.
  public func materialised() -> PackedTensor {
    guard let affine else { return tensor }
    let output = PackedTensor(layout: tensor.layout, channels: tensor.channels)
    affine.scale.padded.withUnsafeBufferPointer { scale in
      affine.shift.padded.withUnsafeBufferPointer { shift in
        tensor.layout.forEachRows { rows in
          Kernels.active.affine_activation(
            tensor.row(rows.lowerBound), scale.baseAddress, shift.baseAddress, activation.code, rows.count,
            tensor.channels, output.row(rows.lowerBound))
        }
      }
    }
    return output
  }
}

extension NormalisedGradient {
  /// The gradient as its reader would see it, written out, `[timesteps, channels]`.
  public func materialised() -> PackedTensor {
    guard let (input, adjoint) = adjoint else { return tensor }
    let output = PackedTensor(layout: tensor.layout, channels: tensor.channels)
    adjoint.a.padded.withUnsafeBufferPointer { a in
      adjoint.b.padded.withUnsafeBufferPointer { b in
        adjoint.c.padded.withUnsafeBufferPointer { c in
          tensor.layout.forEachRows { rows in
            Kernels.active.affine_gradient(
              tensor.row(rows.lowerBound), input.row(rows.lowerBound), a.baseAddress, b.baseAddress, c.baseAddress,
              rows.count, tensor.channels, output.row(rows.lowerBound))
          }
        }
      }
    }
    return output
  }
}
