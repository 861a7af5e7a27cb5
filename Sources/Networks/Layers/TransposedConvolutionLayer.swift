import PackedTensors
import Tracing

/// A transposed convolution with weight and bias: PyTorch's `ConvTranspose1d(inputs, outputs, kernel, stride, padding)`
/// with `padding` = (kernel − 1) / 2, rounded down, and its output cut to the length that is asked for.
public struct TransposedConvolutionLayer: Sendable {
  /// The convolution whose adjoint this is: it reads this layer's outputs and writes its inputs.
  public let geometry: ConvolutionGeometry
  /// `[inputs, outputs, kernel]`.
  public let weight: Parameter
  /// `[outputs]`.
  public let bias: Parameter
  /// What is multiplied.
  public let precision: Precision

  /// Registers weight and bias under `path`; they begin as PyTorch's.
  public init(_ path: String, inputs: Int, outputs: Int, kernel: Int, stride: Int, in store: ParameterStore) {
    geometry = ConvolutionGeometry(
      inputChannels: outputs, outputChannels: inputs, kernel: kernel, stride: stride)
    precision = store.precision
    let fanIn = outputs * kernel
    weight = store.addParameter(path + ".weight", shape: [inputs, outputs, kernel], .uniform(fanIn: fanIn))
    bias = store.addParameter(path + ".bias", shape: [outputs], .uniform(fanIn: fanIn))
  }

  /// The layer's range in the arenas.
  public var range: Range<Int> { weight.range.lowerBound..<bias.range.upperBound }
  /// Floating-point operations of a timestep that is read.
  public var operationsPerTimestep: Int { geometry.operationsPerTimestep }

  /// The output, `[layout.timesteps, outputs]`, of `[Σ ceil(length / stride), inputs]`.
  public func forward(_ x: PackedTensor, to layout: RaggedLayout, _ pass: ForwardPass) -> PackedTensor {
    let span = pass.timeline?.begin(.forward, weight.name)
    defer { span?.end() }
    return pass.store.withPointer(weight) { weight in
      pass.store.withPointer(bias) { bias in
        TransposedConvolution.forward(geometry, x, weight: weight, bias: bias, precision: precision, layout: layout)
      }
    }
  }

  /// Adds the parameters' gradients to the arena and returns the input's.
  /// - Parameter x: what `forward` read.
  public func backward(_ x: PackedTensor, _ gradient: PackedTensor, _ pass: BackwardPass) throws -> PackedTensor {
    let span = pass.timeline?.begin(.backward, weight.name)
    defer { span?.end() }
    let gradients = pass.gradients
    var weights: LaneFold?
    var biases = LaneFold(gradients, elements: bias.count)
    let below = pass.store.withPointer(weight) { pointer in
      TransposedConvolution.backward(geometry, x, gradient, weight: pointer, precision: precision) {
        lane, part, bias in
        if weights == nil { weights = LaneFold(gradients, elements: part.packedCount) }
        weights!.add(lane, part.packedWeight) { part.unpack($1, to: gradients.pointer(weight, node: $0)) }
        biases.add(lane, bias) {
          gradients.pointer(self.bias, node: $0).update(from: $1, count: self.bias.count)
        }
      }
    }
    try gradients.finished(range)
    return below
  }
}
