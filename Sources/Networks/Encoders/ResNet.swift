import PackedTensors

/// A residual convolutional encoder over packed sequences.
public struct ResNet: Encoder {
  /// What the recipe decides.
  public struct Shape: Sendable, Hashable {
    /// The first layer.
    public var stem: Stem.Shape
    /// The residual blocks, in order.
    public var blocks: [ResidualBlock.Shape]
    /// Whether no output sees its future.
    public var causal: Bool
    /// The nonlinearity everywhere.
    public var activation: Activation
    /// Dropout behind each block.
    public var dropout: Double

    /// A shape.
    public init(
      stem: Stem.Shape, blocks: [ResidualBlock.Shape], causal: Bool = false, activation: Activation = .relu,
      dropout: Double = 0
    ) {
      self.stem = stem
      self.blocks = blocks
      self.causal = causal
      self.activation = activation
      self.dropout = dropout
    }
  }

  let shape: Shape
  let stem: Stem
  let blocks: [ResidualBlock]

  /// Registers an encoder under `path`.
  /// - Parameters:
  ///   - features: features of a timestep.
  ///   - categories: number of categories where values are looked up; none where they are read as numbers.
  public init(_ path: String, features: Int, categories: Int?, _ shape: Shape, in store: ParameterStore) {
    self.shape = shape
    stem = Stem(
      path + ".stem", features: features, categories: categories, shape.stem, causal: shape.causal,
      activation: shape.activation, in: store)
    var blocks: [ResidualBlock] = []
    var width = shape.stem.width
    for (index, block) in shape.blocks.enumerated() {
      blocks.append(
        ResidualBlock(
          path + ".blocks.\(index)", inputs: width, block, causal: shape.causal, activation: shape.activation,
          dropout: shape.dropout, in: store))
      width = block.width
    }
    self.blocks = blocks
  }

  /// Channels of a frame's embedding.
  public var width: Int { shape.blocks.last?.width ?? shape.stem.width }
  /// Channels of the stem's output.
  public var stemWidth: Int { shape.stem.width }
  /// Product of all strides.
  public var frame: Int { shape.blocks.reduce(stem.stride) { $0 * $1.stride } }
  /// Whether no output sees its future.
  public var isCausal: Bool { shape.causal }
  /// The encoder's range in the arenas.
  public var range: Range<Int> {
    stem.range.lowerBound..<(blocks.last?.range.upperBound ?? stem.range.upperBound)
  }

  /// Timesteps that one frame's embedding can depend on.
  public var receptiveField: Int? {
    var field = stem.conv.map { $0.geometry.reach + 1 } ?? 1
    var step = stem.stride
    for block in shape.blocks {
      field += (block.kernel - 1) * block.dilation * step
      step *= block.stride
      field += (block.kernel - 1) * block.dilation * step
    }
    return field
  }

  /// Floating-point operations of a forward pass over one sequence.
  public func cost(ofLength length: Int) -> Int {
    var (total, length) = stem.cost(ofLength: length)
    for block in blocks {
      let cost = block.cost(ofLength: length)
      total += cost.operations
      length = cost.length
    }
    return total
  }

  /// What the adjoint needs of each part.
  public struct Saved {
    var stem: Stem.Saved
    var blocks: [ResidualBlock.Saved]
  }

  /// Embeddings of all frames in evaluation, `[frames, width]`: two tensors of a block live at once, three where the skip is a projection.
  public func embed(_ input: EncoderInput, _ pass: inout ForwardPass) throws -> PackedTensor {
    precondition(pass.mode == .evaluation, "running statistics belong to evaluation")
    return blocks.reduce(try stem.embed(input, &pass)) { $1.embed($0, pass.store) }
  }

  /// Embeddings of all frames, `[frames, width]`.
  public func forward(_ input: EncoderInput, _ pass: inout ForwardPass) throws -> (PackedTensor, Saved) {
    var (x, first) = try stem.forward(input, &pass)
    var saved: [ResidualBlock.Saved] = []
    for block in blocks {
      let (output, kept) = try block.forward(x, &pass)
      x = output
      if pass.mode == .training { saved.append(kept) }
    }
    return (x, Saved(stem: first, blocks: saved))
  }

  /// Adds the gradients of all parameters to the arena, from the last block to the stem; each block's saved tensors are
  /// given back as soon as they have served.
  public func backward(_ gradient: OutputGradient, _ saved: consuming Saved, _ pass: BackwardPass) throws {
    var gradient = gradient
    for block in blocks.reversed() {
      let kept = saved.blocks.removeLast()
      gradient = OutputGradient(try block.backward(gradient, kept, pass))
      try pass.gradients.poll()
    }
    try stem.backward(gradient.expanded(to: saved.stem.layout), saved.stem, pass)
  }
}
