import PackedTensors

/// A Transformer over packed sequences (Vaswani et al. 2017, arXiv:1706.03762; layers that normalise first, Xiong et al.
/// 2020, arXiv:2002.04745): a convolutional front end, which makes frames of timesteps, then layers of attention.
///
/// Attention compares every frame of a sequence with every other: the front end's strides make long sequences affordable.
public struct Transformer: Encoder {
  /// How attention knows the order of frames.
  public enum Order: String, Sendable, CaseIterable {
    /// Queries and keys are turned by angles that grow with the frame's number, so that their product depends on the
    /// distance (Su et al. 2021, arXiv:2104.09864).
    case rotary
    /// Sines and cosines of the frame's number are added to the front end's output (Vaswani et al. 2017).
    case sinusoidal
    /// Not at all, but for what convolutions see.
    case none
  }

  /// What the recipe decides.
  public struct Shape: Sendable, Hashable {
    /// Stem and blocks before the layers; the channels of its output are those of the layers.
    public var front: ResNet.Shape
    /// Layers of attention.
    public var layers: Int
    /// Heads of each.
    public var heads: Int
    /// Channels between the two linear layers of each.
    public var feedForward: Int
    /// How the order is known.
    public var order: Order
    /// Dropout on what each half of a layer adds.
    public var dropout: Double

    /// A shape.
    public init(
      front: ResNet.Shape, layers: Int, heads: Int, feedForward: Int, order: Order = .rotary, dropout: Double = 0
    ) {
      self.front = front
      self.layers = layers
      self.heads = heads
      self.feedForward = feedForward
      self.order = order
      self.dropout = dropout
    }
  }

  let shape: Shape
  let front: ResNet
  let layers: [TransformerLayer]
  let norm: LayerNorm

  /// Registers an encoder under `path`.
  /// - Parameters:
  ///   - features: features of a timestep.
  ///   - categories: number of categories where values are looked up; none where they are read as numbers.
  public init(_ path: String, features: Int, categories: Int?, _ shape: Shape, in store: ParameterStore) {
    self.shape = shape
    front = ResNet(path, features: features, categories: categories, shape.front, in: store)
    let attention = Attention(width: front.width, heads: shape.heads, isCausal: shape.front.causal)
    layers = (0..<shape.layers).map {
      TransformerLayer(
        path + ".layers.\($0)", attention: attention, feedForward: shape.feedForward, dropout: shape.dropout, in: store)
    }
    norm = LayerNorm(path + ".norm", channels: front.width, in: store)
  }

  /// Channels of a frame's embedding.
  public var width: Int { front.width }
  /// Channels of the stem's output.
  public var stemWidth: Int { front.stemWidth }
  /// Product of the front end's strides.
  public var frame: Int { front.frame }
  /// A frame sees the whole sequence, or all of it that came before.
  public var receptiveField: Int? { nil }
  /// Whether no frame sees later ones.
  public var isCausal: Bool { front.isCausal }
  /// The encoder's range in the arenas.
  public var range: Range<Int> { front.range.lowerBound..<norm.range.upperBound }

  /// Floating-point operations of a forward pass over one sequence: quadratic in its length.
  public func cost(ofLength length: Int) -> Int {
    let frames = (length + frame - 1) / frame
    return front.cost(ofLength: length) + layers.reduce(0) { $0 + $1.cost(ofLength: frames) }
  }

  /// What the adjoint needs of each part.
  public struct Saved {
    var front: ResNet.Saved
    var layers: [TransformerLayer.Saved]
    let last: PackedTensor
    let turns: Positions?
  }

  /// Embeddings of all frames in evaluation, `[frames, width]`.
  public func embed(_ input: EncoderInput, _ pass: inout ForwardPass) throws -> PackedTensor {
    var (x, turns) = positioned(try front.embed(input, &pass))
    for layer in layers { x = layer.forward(x, turns: turns, pass).0 }
    return norm.forward(x, pass)
  }

  /// Embeddings of all frames, `[frames, width]`.
  public func forward(_ input: EncoderInput, _ pass: inout ForwardPass) throws -> (PackedTensor, Saved) {
    let (frames, first) = try front.forward(input, &pass)
    var (x, turns) = positioned(frames)
    var saved: [TransformerLayer.Saved] = []
    for layer in layers {
      let (output, kept) = layer.forward(x, turns: turns, pass)
      x = output
      if pass.mode == .training { saved.append(kept) }
    }
    return (norm.forward(x, pass), Saved(front: first, layers: saved, last: x, turns: turns))
  }

  /// Adds the gradients of all parameters to the arena, from the last norm to the stem; each layer's saved tensors are
  /// given back as soon as they have served.
  public func backward(_ gradient: OutputGradient, _ saved: consuming Saved, _ pass: BackwardPass) throws {
    let gradient = norm.backward(saved.last, gradient.expanded(to: saved.last.layout), pass)
    try pass.gradients.finished(norm.range)
    for layer in layers.reversed() {
      try layer.backward(gradient, saved.layers.removeLast(), turns: saved.turns, pass)
      try pass.gradients.poll()
    }
    try front.backward(OutputGradient(gradient), saved.front, pass)
  }

  /// Frames as the first layer reads them, and the positions that the layers turn by.
  private func positioned(_ frames: PackedTensor) -> (PackedTensor, Positions?) {
    let longest = (0..<frames.layout.sequences).map { frames.layout.length(of: $0) }.max() ?? 0
    switch shape.order {
    case .rotary: return (frames, Positions(timesteps: longest, channels: width / shape.heads))
    case .sinusoidal: return (Positions(timesteps: longest, channels: width + width % 2).added(to: frames), nil)
    case .none: return (frames, nil)
    }
  }
}
