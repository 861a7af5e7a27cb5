import PackedTensors

/// A stem and recurrent layers over packed sequences: PyTorch's `LSTM` or `GRU` without padding. One direction sees no
/// future; two see everything.
public struct RecurrentEncoder: Encoder {
  /// What the recipe decides.
  public struct Shape: Sendable, Hashable {
    /// The first layer.
    public var stem: Stem.Shape
    /// What happens at a timestep.
    public var cell: RecurrentCell
    /// Hidden channels of a direction.
    public var width: Int
    /// Recurrent layers, one upon the other.
    public var layers: Int
    /// Whether each layer also goes from end to start.
    public var bidirectional: Bool
    /// Dropout between layers.
    public var dropout: Double

    /// A shape.
    public init(
      stem: Stem.Shape, cell: RecurrentCell, width: Int, layers: Int = 1, bidirectional: Bool = false,
      dropout: Double = 0
    ) {
      self.stem = stem
      self.cell = cell
      self.width = width
      self.layers = layers
      self.bidirectional = bidirectional
      self.dropout = dropout
    }
  }

  let shape: Shape
  let stem: Stem
  let layers: [RecurrentLayer]

  /// Registers an encoder under `path`.
  /// - Parameters:
  ///   - features: features of a timestep.
  ///   - categories: number of categories where values are looked up; none where they are read as numbers.
  public init(_ path: String, features: Int, categories: Int?, _ shape: Shape, in store: ParameterStore) {
    self.shape = shape
    stem = Stem(
      path + ".stem", features: features, categories: categories, shape.stem, causal: !shape.bidirectional,
      activation: .relu, in: store)
    var layers: [RecurrentLayer] = []
    for index in 0..<shape.layers {
      layers.append(
        RecurrentLayer(
          path + ".recurrent", index: index, shape.cell, inputs: layers.last?.width ?? shape.stem.width,
          width: shape.width, bidirectional: shape.bidirectional,
          dropout: index + 1 < shape.layers ? shape.dropout : 0, in: store))
    }
    self.layers = layers
  }

  /// Channels of a frame's embedding: of both directions where there are two.
  public var width: Int { layers.last!.width }
  /// Channels of the stem's output.
  public var stemWidth: Int { shape.stem.width }
  /// The stem's stride.
  public var frame: Int { stem.stride }
  /// Unlimited.
  public var receptiveField: Int? { nil }
  /// Whether there is one direction.
  public var isCausal: Bool { !shape.bidirectional }
  /// The encoder's range in the arenas.
  public var range: Range<Int> { stem.range.lowerBound..<layers.last!.range.upperBound }

  /// Floating-point operations of a forward pass over one sequence.
  public func cost(ofLength length: Int) -> Int {
    let (operations, frames) = stem.cost(ofLength: length)
    return layers.reduce(operations) { $0 + frames * $1.operationsPerTimestep }
  }

  /// What the adjoint needs of each part.
  public struct Saved {
    var stem: Stem.Saved
    var layers: [RecurrentLayer.Saved]
  }

  /// Embeddings of all frames, `[frames, width]`.
  public func forward(_ input: EncoderInput, _ pass: inout ForwardPass) throws -> (PackedTensor, Saved) {
    var (x, first) = try stem.forward(input, &pass)
    var saved: [RecurrentLayer.Saved] = []
    for layer in layers {
      let (output, kept) = layer.forward(x, pass)
      x = output
      if pass.mode == .training { saved.append(kept) }
    }
    return (x, Saved(stem: first, layers: saved))
  }

  /// Adds the gradients of all parameters to the arena, from the last layer to the stem; each layer's saved tensors are
  /// given back as soon as they have served.
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
