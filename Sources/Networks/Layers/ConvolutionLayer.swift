import PackedTensors
import Tracing

/// A convolution with weight and bias: PyTorch's `Conv1d`, and its `Linear` where the kernel is 1.
public struct ConvolutionLayer: Sendable {
  /// Channels, taps and steps.
  public let geometry: ConvolutionGeometry
  /// `[outputChannels, inputChannels, kernel]`; `[outputChannels, inputChannels]` for a linear layer.
  public let weight: Parameter
  /// `[outputChannels]`.
  public let bias: Parameter
  /// What is multiplied.
  public let precision: Precision

  /// Registers weight and bias under `path`.
  public init(_ path: String, _ geometry: ConvolutionGeometry, in store: ParameterStore) {
    self.init(
      path, geometry, shape: [geometry.outputChannels, geometry.inputChannels, geometry.kernel], in: store)
  }

  /// A linear layer: `y = W x + b` at every row.
  /// - Parameter separator: what stands between `path` and `weight` or `bias`.
  public init(linear path: String, inputs: Int, outputs: Int, separator: String = ".", in store: ParameterStore) {
    self.init(
      path, ConvolutionGeometry(inputChannels: inputs, outputChannels: outputs, kernel: 1), shape: [outputs, inputs],
      separator: separator, in: store)
  }

  private init(
    _ path: String, _ geometry: ConvolutionGeometry, shape: [Int], separator: String = ".", in store: ParameterStore
  ) {
    self.init(
      geometry, names: (path + separator + "weight", path + separator + "bias"), shape: shape,
      .uniform(fanIn: geometry.inputChannels * geometry.kernel), in: store)
  }

  /// A linear layer whose parameters have names and a beginning of their own.
  init(
    linear names: (weight: String, bias: String), inputs: Int, outputs: Int, _ initialisation: Initialisation,
    in store: ParameterStore
  ) {
    self.init(
      ConvolutionGeometry(inputChannels: inputs, outputChannels: outputs, kernel: 1), names: names,
      shape: [outputs, inputs], initialisation, in: store)
  }

  private init(
    _ geometry: ConvolutionGeometry, names: (weight: String, bias: String), shape: [Int],
    _ initialisation: Initialisation, in store: ParameterStore
  ) {
    self.geometry = geometry
    precision = store.precision
    weight = store.addParameter(names.weight, shape: shape, initialisation)
    bias = store.addParameter(names.bias, shape: [geometry.outputChannels], initialisation)
  }

  /// The layer's range in the arenas.
  public var range: Range<Int> { weight.range.lowerBound..<bias.range.upperBound }

  /// The output, `[timesteps / stride, outputChannels]`; its moments are added to `moments`.
  public func forward(_ input: NormalisedInput, _ pass: ForwardPass, moments: inout MomentSums?) -> PackedTensor {
    let span = pass.timeline?.begin(.forward, weight.name)
    defer { span?.end() }
    return pass.store.withPointer(weight) { weight in
      pass.store.withPointer(bias) { bias in
        Convolution.forward(geometry, input, weight: weight, bias: bias, precision: precision, moments: &moments)
      }
    }
  }

  /// The output where no moments are wanted.
  public func forward(_ input: NormalisedInput, _ pass: ForwardPass) -> PackedTensor {
    var none: MomentSums?
    return forward(input, pass, moments: &none)
  }

  /// Adds the parameters' gradients to the arena and returns the input's, if wanted.
  /// - Parameter activation: adjoint of the activation on the input; see `Convolution`.
  public func backward(
    _ input: NormalisedInput, _ gradient: NormalisedGradient, _ pass: BackwardPass,
    inputGradient: Convolution.InputGradient, activation: inout ActivationAdjoint?
  ) -> PackedTensor? {
    let span = pass.timeline?.begin(.backward, weight.name)
    defer { span?.end() }
    let gradients = pass.gradients
    var weights: LaneFold?
    var biases = LaneFold(gradients, elements: bias.count)
    return pass.store.withPointer(weight) { pointer in
      Convolution.backward(
        geometry, input, gradient, weight: pointer, precision: precision, inputGradient: inputGradient,
        activation: &activation, withBias: true
      ) { lane, part in
        if weights == nil { weights = LaneFold(gradients, elements: part.packedCount) }
        weights!.add(lane, part.packedWeight) { part.unpack($1, to: gradients.pointer(weight, node: $0)) }
        biases.add(lane, part.bias!) { gradients.pointer(bias, node: $0).update(from: $1, count: bias.count) }
      }
    }
  }

  /// The same where nothing stands on the input.
  public func backward(
    _ input: NormalisedInput, _ gradient: NormalisedGradient, _ pass: BackwardPass,
    inputGradient: Convolution.InputGradient
  ) -> PackedTensor? {
    var none: ActivationAdjoint?
    return backward(input, gradient, pass, inputGradient: inputGradient, activation: &none)
  }
}
