import PackedTensors

/// Strided convolutions with leaky ReLU, each with twice the channels of the one before it, and no normalisation: the
/// discriminator of WaveGAN without its last layer (Donahue, McAuley and Puckette 2019, arXiv:1802.04208).
///
/// Nothing in it looks at other sequences, and it is linear between the kinks of its activations: what a penalty on the
/// gradient of a score needs (``Discriminator``).
public struct Critic: Encoder {
  /// Sizes.
  public struct Shape: Sendable, Hashable {
    /// Channels of the first layer.
    public var channels: Int
    /// Number of layers.
    public var layers: Int
    /// Taps of each.
    public var kernel: Int
    /// Stride of each.
    public var stride: Int

    /// A shape.
    public init(channels: Int, layers: Int, kernel: Int, stride: Int) {
      self.channels = channels
      self.layers = layers
      self.kernel = kernel
      self.stride = stride
    }

    /// Channels of a layer, counted from 0.
    public func width(ofLayer layer: Int) -> Int { channels << layer }
    /// Timesteps of a frame.
    public var frame: Int { (0..<layers).reduce(1) { frame, _ in frame * stride } }
  }

  /// Sizes.
  public let shape: Shape
  /// The convolutions, the first of which reads the input.
  public let layers: [ConvolutionLayer]

  /// Registers the layers under `path`.
  public init(_ path: String, features: Int, _ shape: Shape, in store: ParameterStore) {
    self.shape = shape
    layers = (0..<shape.layers).map { layer in
      ConvolutionLayer(
        path + ".layers.\(layer)",
        ConvolutionGeometry(
          inputChannels: layer == 0 ? features : shape.width(ofLayer: layer - 1),
          outputChannels: shape.width(ofLayer: layer), kernel: shape.kernel, stride: shape.stride), in: store)
    }
  }

  /// Channels of the last layer.
  public var width: Int { shape.width(ofLayer: shape.layers - 1) }
  /// Channels of the first layer.
  public var stemWidth: Int { shape.channels }
  /// The product of the strides.
  public var frame: Int { shape.frame }
  /// Timesteps that one frame depends on.
  public var receptiveField: Int? {
    layers.reversed().reduce(1) { ($0 - 1) * $1.geometry.stride + $1.geometry.kernel }
  }
  /// Every layer looks both ways.
  public var isCausal: Bool { false }
  /// The layers' range in the arenas.
  public var range: Range<Int> { layers[0].range.lowerBound..<layers[layers.count - 1].range.upperBound }

  /// Floating-point operations of a forward pass.
  public func cost(ofLength length: Int) -> Int {
    var (length, total) = (length, 0)
    for layer in layers {
      length = layer.geometry.outputLength(length)
      total += length * layer.geometry.operationsPerTimestep
    }
    return total
  }

  /// What the adjoint needs.
  public struct Saved {
    /// What the first layer read.
    let input: PackedTensor
    /// Each layer's output before its activation.
    let sums: [PackedTensor]
  }

  /// Embeddings of all frames, `[frames, width]`.
  public func forward(_ input: EncoderInput, _ pass: inout ForwardPass) throws -> (PackedTensor, Saved) {
    precondition(input.replacement == nil, "a critic reads numbers, for which no vector stands")
    let sums = sums(of: input.values, pass)
    return (Critic.read(sums[sums.count - 1]).materialised(), Saved(input: input.values, sums: sums))
  }

  /// Adds the gradients of all layers, from the last to the first.
  public func backward(_ gradient: OutputGradient, _ saved: consuming Saved, _ pass: BackwardPass) throws {
    let top = saved.sums[layers.count - 1]
    var delta = PackedTensor(layout: top.layout, channels: top.channels)
    delta.base.update(from: gradient.expanded(to: top.layout).base, count: delta.count)
    Critic.unread(delta, top)
    for (layer, convolution) in layers.enumerated().reversed() {
      var activation = layer == 0 ? nil : Critic.adjoint(saved.sums[layer - 1])
      let below = convolution.backward(
        layer == 0 ? NormalisedInput(saved.input) : Critic.read(saved.sums[layer - 1]), NormalisedGradient(delta), pass,
        inputGradient: layer == 0 ? .none : .new, activation: &activation)
      try pass.gradients.finished(convolution.range)
      if let below { delta = below }
    }
  }

  /// Each layer's output before its activation.
  func sums(of values: PackedTensor, phases: PhaseShuffle = .none, _ pass: ForwardPass) -> [PackedTensor] {
    var sums: [PackedTensor] = []
    for (index, layer) in layers.enumerated() {
      var input = sums.last.map(Critic.read) ?? NormalisedInput(values)
      if let shift = phases.shift(ofLayer: index, in: input.tensor.layout) {
        input = NormalisedInput(shift.forward(input.materialised()))
      }
      sums.append(layer.forward(input, pass))
    }
    return sums
  }

  /// From the gradient of a layer's sums to that of the sums below it.
  func descend(
    _ delta: PackedTensor, through layer: Int, to sums: PackedTensor, phases: PhaseShuffle, _ pass: ForwardPass
  ) -> PackedTensor {
    guard let shift = phases.shift(ofLayer: layer, in: sums.layout) else {
      return layers[layer].inputGradient(
        delta, to: sums.layout, activation: Critic.adjoint(sums), pass.store, timeline: pass.timeline)
    }
    let below = shift.backward(
      layers[layer].inputGradient(delta, to: sums.layout, pass.store, timeline: pass.timeline))
    Critic.unread(below, sums)
    return below
  }

  /// From the gradient of the first layer's sums to that of the values.
  func descendToValues(
    _ delta: PackedTensor, of layout: RaggedLayout, phases: PhaseShuffle, _ pass: ForwardPass
  ) -> PackedTensor {
    let gradient = layers[0].inputGradient(delta, to: layout, pass.store, timeline: pass.timeline)
    return phases.shift(ofLayer: 0, in: layout)?.backward(gradient) ?? gradient
  }

  /// Sums as the next layer reads them.
  static func read(_ sums: PackedTensor) -> NormalisedInput {
    NormalisedInput(sums, affine: .identity(channels: sums.channels), activation: .leakyReLU)
  }

  /// The adjoint of the activation on sums.
  static func adjoint(_ sums: PackedTensor) -> ActivationAdjoint {
    let identity = ChannelAffine.identity(channels: sums.channels)
    return ActivationAdjoint(input: sums, affine: identity, activation: .leakyReLU, standardise: identity)
  }

  /// Multiplies rows by the slopes that the activation has at `sums`, in place.
  static func unread(_ rows: PackedTensor, _ sums: PackedTensor) {
    var adjoint = adjoint(sums)
    adjoint.apply(to: rows)
  }
}
