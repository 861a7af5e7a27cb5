import PackedTensors
import Tracing

/// Layer normalisation: PyTorch's `LayerNorm` over the channels of every timestep.
public struct LayerNorm: Sendable {
  /// γ and β, `[channels]` each.
  public let gain, bias: Parameter
  /// Added to the variance.
  public let epsilon: Float = 1e-5

  /// Registers γ = 1 and β = 0 under `path`.
  public init(_ path: String, channels: Int, in store: ParameterStore) {
    gain = store.addParameter(path + ".weight", shape: [channels], .constant(1))
    bias = store.addParameter(path + ".bias", shape: [channels], .constant(0))
  }

  /// The layer's range in the arenas.
  public var range: Range<Int> { gain.range.lowerBound..<bias.range.upperBound }

  /// The normalised timesteps, `[timesteps, channels]`.
  public func forward(_ x: PackedTensor, _ store: ParameterStore) -> PackedTensor {
    LayerNormalisation.forward(x, gain: store[gain], bias: store[bias], epsilon: epsilon)
  }

  /// The normalised timesteps, `[timesteps, channels]`.
  public func forward(_ x: PackedTensor, _ pass: ForwardPass) -> PackedTensor {
    let span = pass.timeline?.begin(.forward, gain.name)
    defer { span?.end() }
    return forward(x, pass.store)
  }

  /// Adds γ's and β's gradients to the arena.
  /// - Parameters:
  ///   - x: what `forward` read.
  ///   - target: the tensor to which the gradient of x is added; none: a new one is written.
  /// - Returns: the gradient of x.
  @discardableResult
  public func backward(
    _ x: PackedTensor, _ gradient: PackedTensor, addedTo target: PackedTensor? = nil, _ pass: BackwardPass
  ) -> PackedTensor {
    let span = pass.timeline?.begin(.backward, gain.name)
    defer { span?.end() }
    let channels = gain.count
    var fold = LaneFold(pass.gradients, elements: 2 * channels)
    return LayerNormalisation.backward(x, gradient, gain: pass.store[gain], epsilon: epsilon, addedTo: target) {
      lane, sums in
      fold.add(lane, sums) { node, total in
        pass.gradients.pointer(bias, node: node).update(from: total, count: channels)
        pass.gradients.pointer(gain, node: node).update(from: total + channels, count: channels)
      }
    }
  }
}
