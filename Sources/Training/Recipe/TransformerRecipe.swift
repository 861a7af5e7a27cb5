import Networks

/// `encoder: {kind: transformer}`: a convolutional front end that makes frames, then layers of self-attention and
/// perceptron, each normalised first (Vaswani et al. 2017, arXiv:1706.03762; Xiong et al. 2020, arXiv:2002.04745).
public struct TransformerRecipe: EncoderRecipe, Equatable {
  /// Channels of the layers.
  public var width: Int
  /// Layers.
  public var layers: Int
  /// Heads of attention, which share the channels.
  public var heads: Int
  /// Channels between the two linear layers of each layer.
  public var feedForward: Int
  /// How the order of frames is known.
  public var positions: Transformer.Order
  /// The first convolution.
  public var stem: StemRecipe
  /// Residual blocks between it and the layers.
  public var blocks: [ResNetRecipe.Block]
  /// Whether neither convolutions nor attention see the future.
  public var causal: Bool
  /// The part of what each half of a layer adds that is dropped in training.
  public var dropout: Double

  /// The word under `kind`.
  public static let kind = "transformer"

  /// The product of the front end's strides.
  public var timestepsPerFrame: Int { blocks.reduce(stem.stride) { $0 * $1.stride } }
  /// Whether neither convolutions nor attention see the future.
  public var isCausal: Bool { causal }

  /// Reads all keys.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    width = try reader.integer("width", in: 1...8192, default: 64)
    layers = try reader.integer("layers", in: 1...256, default: 4)
    heads = try reader.integer("heads", in: 1...1024, default: 4)
    feedForward = try reader.integer("feedForward", in: 1...65536, default: 4 * width)
    positions = try reader.choice("positions", default: .rotary)
    causal = try reader.boolean("causal", default: false)
    dropout = try reader.number("dropout", .belowOne, default: 0)
    stem = try StemRecipe(from: &reader, width: width)
    blocks = try ResNetRecipe.Block.list(from: &reader, width: width, kernel: 3, default: 0)
    try ResNetRecipe.Block.checkStrides(of: blocks, behind: stem, reader)
    guard width % heads == 0 else {
      throw reader.error(
        "heads", "\(heads) heads cannot share \(width) channels equally; use a divisor of model.encoder.width")
    }
    guard positions != .rotary || width / heads % 2 == 0 else {
      throw reader.error(
        "positions",
        "rotary turns pairs of channels, and each of \(heads) heads has \(width / heads) of \(width); make width / heads even, or use positions: sinusoidal"
      )
    }
    let (key, last) = blocks.last.map { ("blocks", $0.width) } ?? ("stem", stem.width)
    guard last == width else {
      throw reader.error(
        key, "the layers have \(width) channels and what comes before them \(last); give both the same width")
    }
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) {
    writer.write("width", width)
    writer.write("layers", layers)
    writer.write("heads", heads)
    writer.write("feedForward", feedForward)
    writer.write("positions", positions)
    stem.write(to: &writer)
    if blocks.isEmpty { writer.write("blocks", 0) } else { ResNetRecipe.Block.write(blocks, to: &writer) }
    writer.write("causal", causal)
    writer.write("dropout", dropout)
  }

  /// The encoder that this section describes, registered under `encoder`.
  public func makeEncoder(_ context: ModelContext) -> any Encoder {
    let shape = Transformer.Shape(
      front: .init(stem: stem.shape, blocks: blocks.map(\.shape), causal: causal), layers: layers, heads: heads,
      feedForward: feedForward, order: positions, dropout: dropout)
    return Transformer(
      "encoder", features: context.data.features, categories: context.categories, shape, in: context.store)
  }
}
