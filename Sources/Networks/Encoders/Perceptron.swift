import PackedTensors

/// A multilayer perceptron at every timestep: for vectors of a fixed width, which are sequences of one timestep each.
public struct Perceptron: Encoder {
  /// What the recipe decides.
  public struct Shape: Sendable, Hashable {
    /// Channels of every layer.
    public var width: Int
    /// Layers, the first of which is the stem's product or the categories' vectors.
    public var layers: Int
    /// Whether batch norm stands before each activation.
    public var isNormalised: Bool
    /// The nonlinearity everywhere.
    public var activation: Activation
    /// Dropout behind each activation.
    public var dropout: Double

    /// A shape.
    public init(width: Int, layers: Int, isNormalised: Bool = true, activation: Activation = .relu, dropout: Double = 0)
    {
      self.width = width
      self.layers = layers
      self.isNormalised = isNormalised
      self.activation = activation
      self.dropout = dropout
    }
  }

  let stem: Stem
  let layers: [PerceptronLayer]
  /// Channels of every layer.
  public let width: Int

  /// Registers an encoder under `path`.
  /// - Parameters:
  ///   - features: features of a timestep.
  ///   - categories: number of categories where values are looked up; none where they are read as numbers.
  public init(_ path: String, features: Int, categories: Int?, _ shape: Shape, in store: ParameterStore) {
    width = shape.width
    stem = Stem(
      path + ".stem", features: features, categories: categories, .init(width: shape.width), causal: true,
      activation: shape.activation, in: store)
    layers = (0..<shape.layers).map {
      PerceptronLayer(
        path + ".layers.\($0)", width: shape.width, isFirst: $0 == 0, isNormalised: shape.isNormalised,
        activation: shape.activation, dropout: shape.dropout, in: store)
    }
  }

  /// Channels of the stem's output.
  public var stemWidth: Int { width }
  /// Every timestep is a frame.
  public var frame: Int { 1 }
  /// A frame depends on its timestep alone.
  public var receptiveField: Int? { 1 }
  /// It sees no other timestep.
  public var isCausal: Bool { true }
  /// The encoder's range in the arenas.
  public var range: Range<Int> {
    stem.range.lowerBound..<(layers.last!.range ?? stem.range).upperBound
  }

  /// Floating-point operations of a forward pass over one sequence.
  public func cost(ofLength length: Int) -> Int {
    layers.reduce(stem.cost(ofLength: length).operations) {
      $0 + length * ($1.linear?.geometry.operationsPerTimestep ?? 0)
    }
  }

  /// What the adjoint needs of each part.
  public struct Saved {
    var stem: Stem.Saved
    var layers: [PerceptronLayer.Saved]
  }

  /// Embeddings of all timesteps, `[timesteps, width]`.
  public func forward(_ input: EncoderInput, _ pass: inout ForwardPass) throws -> (PackedTensor, Saved) {
    var (x, first) = try stem.forward(input, &pass)
    var saved: [PerceptronLayer.Saved] = []
    for layer in layers {
      let (output, kept) = try layer.forward(x, &pass)
      x = output
      if pass.mode == .training { saved.append(kept) }
    }
    return (x, Saved(stem: first, layers: saved))
  }

  /// Adds the gradients of all parameters to the arena, from the last layer to the stem.
  public func backward(_ gradient: OutputGradient, _ saved: consuming Saved, _ pass: BackwardPass) throws {
    var gradient = gradient.expanded(to: saved.stem.layout)
    for layer in layers.reversed() {
      let kept = saved.layers.removeLast()
      gradient = try layer.backward(gradient, kept, pass)
      try pass.gradients.poll()
    }
    try stem.backward(gradient, saved.stem, pass)
  }
}
