import PackedTensors
import Tracing

/// The adjoint in parts, for those who need one of them alone.
extension ConvolutionLayer {
  /// The gradient of what the layer read, `[layout.timesteps, inputChannels]`.
  /// - Parameters:
  ///   - layout: of what the layer read.
  ///   - activation: adjoint of the activation on the input, if there is one.
  ///   - timeline: told of it, where the step is traced.
  public func inputGradient(
    _ gradient: PackedTensor, to layout: RaggedLayout, activation: ActivationAdjoint? = nil, _ store: ParameterStore,
    timeline: Timeline? = nil
  ) -> PackedTensor {
    let span = timeline?.begin(.backward, weight.name)
    defer { span?.end() }
    var activation = activation
    return store.withPointer(weight) {
      Convolution.inputGradient(
        geometry, NormalisedGradient(gradient), weight: $0, precision: precision, layout: layout,
        activation: &activation)
    }
  }

  /// Adds the gradients of the parameters to the arena.
  /// - Parameter isCounted: whether a sequence takes part in the bias's; none: all do.
  public func parameterGradient(
    _ input: NormalisedInput, _ gradient: PackedTensor, isCounted: [Bool]? = nil, _ pass: BackwardPass
  ) throws {
    let span = pass.timeline?.begin(.backward, weight.name)
    defer { span?.end() }
    let gradients = pass.gradients
    var weights: LaneFold?
    var biases = LaneFold(gradients, elements: bias.count)
    Convolution.parameterGradient(
      geometry, input, NormalisedGradient(gradient), precision: precision, withBias: true, isCounted: isCounted
    ) { lane, part in
      if weights == nil { weights = LaneFold(gradients, elements: part.packedCount) }
      weights!.add(lane, part.packedWeight) { part.unpack($1, to: gradients.pointer(weight, node: $0)) }
      biases.add(lane, part.bias!) { gradients.pointer(bias, node: $0).update(from: $1, count: bias.count) }
    }
    try gradients.finished(range)
  }

  /// What a displacement of the input displaces the output by: the convolution without its bias.
  public func tangent(_ displacement: PackedTensor, _ pass: ForwardPass) -> PackedTensor {
    let span = pass.timeline?.begin(.forward, weight.name)
    defer { span?.end() }
    var none: MomentSums?
    return pass.store.withPointer(weight) {
      Convolution.forward(
        geometry, NormalisedInput(displacement), weight: $0, bias: nil, precision: precision, moments: &none)
    }
  }
}
