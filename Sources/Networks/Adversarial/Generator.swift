import PackedTensors

/// From a row of latents a sequence to values of any length: the row, with each frame's place beside it (`PlacedRows`),
/// goes through a linear layer and then transposed convolutions, each with half the channels of the one before it; ReLU
/// between them. The mirror image of a ``Critic``, as in WaveGAN (Donahue, McAuley and Puckette 2019, arXiv:1802.04208),
/// whose first layer knows one length only.
public struct Generator: Sendable {
  /// From latents and places to the coarsest frames.
  public let placing: ConvolutionLayer
  /// From frames to timesteps.
  public let stages: [TransposedConvolutionLayer]
  /// Channels of a row of latents.
  public let latent: Int
  private let shape: Critic.Shape

  /// Registers the layers under `path`.
  /// - Parameter shape: of the critic whose mirror image it is.
  public init(_ path: String, latent: Int, features: Int, _ shape: Critic.Shape, in store: ParameterStore) {
    self.latent = latent
    self.shape = shape
    placing = ConvolutionLayer(
      linear: path + ".placing", inputs: latent + PlacedRows.places, outputs: shape.width(ofLayer: shape.layers - 1),
      in: store)
    stages = (0..<shape.layers).reversed().map { layer in
      TransposedConvolutionLayer(
        path + ".stages.\(shape.layers - 1 - layer)", inputs: shape.width(ofLayer: layer),
        outputs: layer == 0 ? features : shape.width(ofLayer: layer - 1), kernel: shape.kernel, stride: shape.stride,
        in: store)
    }
  }

  /// The range in the arenas.
  public var range: Range<Int> { placing.range.lowerBound..<stages[stages.count - 1].range.upperBound }

  /// What the adjoint needs: what each layer read.
  public struct Saved {
    var inputs: [PackedTensor]
  }

  /// Values `[layout.timesteps, features]` of latents `[sequences, latent]`.
  public func forward(_ latents: PackedTensor, to layout: RaggedLayout, _ pass: ForwardPass) -> (PackedTensor, Saved) {
    var frame = shape.frame
    var saved = Saved(inputs: [PlacedRows.forward(latents, to: layout.strided(by: frame))])
    var x = placing.forward(NormalisedInput(saved.inputs[0]), pass)
    for stage in stages {
      frame /= shape.stride
      saved.inputs.append(
        NormalisedInput(x, affine: .identity(channels: x.channels), activation: .relu).materialised())
      x = stage.forward(saved.inputs[saved.inputs.count - 1], to: layout.strided(by: frame), pass)
    }
    return (x, saved)
  }

  /// Adds the gradients of all parameters for a gradient of the values.
  public func backward(_ gradient: PackedTensor, _ saved: consuming Saved, _ pass: BackwardPass) throws {
    var gradient = gradient
    for stage in stages.reversed() {
      let read = saved.inputs.removeLast()
      gradient = try stage.backward(read, gradient, pass)
      // What was rectified is above 0 where its sum is.
      let identity = ChannelAffine.identity(channels: read.channels)
      var adjoint = ActivationAdjoint(input: read, affine: identity, activation: .relu, standardise: identity)
      adjoint.apply(to: gradient)
      try pass.gradients.poll()
    }
    try placing.parameterGradient(NormalisedInput(saved.inputs.removeLast()), gradient, pass)
  }
}
