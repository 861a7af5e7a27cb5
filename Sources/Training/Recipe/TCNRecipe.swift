import Networks

/// `encoder: {kind: tcn}`: residual blocks whose dilation doubles from one to the next, so that the receptive field
/// grows exponentially with depth at the stem's rate of frames (Bai, Kolter and Koltun 2018, arXiv:1803.01271, with batch norm
/// where they normalise weights).
public struct TCNRecipe: EncoderRecipe, Equatable {
  /// The first convolution; its stride makes frames of timesteps.
  public var stem: StemRecipe
  /// Channels of the blocks.
  public var width: Int
  /// Taps of every convolution.
  public var kernel: Int
  /// Blocks; the convolutions of block i, from 0, have dilation 2^i.
  public var levels: Int
  /// Whether every convolution looks back only.
  public var causal: Bool
  /// The part of the activations behind each block that is dropped in training.
  public var dropout: Double

  /// The word under `kind`.
  public static let kind = "tcn"
  /// The stem's stride.
  public var timestepsPerFrame: Int { stem.stride }
  /// Whether every convolution looks back only.
  public var isCausal: Bool { causal }

  /// Reads all keys.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    width = try reader.integer("width", in: 1...8192, default: 64)
    kernel = try reader.integer("kernel", in: 2...1024, default: 3)
    stem = try StemRecipe(from: &reader, width: width)
    levels = try reader.integer("levels", in: 1...20, default: 6)
    guard (kernel - 1) << (levels - 1) <= 1 << 20 else {
      throw reader.error(
        "levels", "the last block would look \((kernel - 1) << (levels - 1)) frames back; at most \(1 << 20)")
    }
    causal = try reader.boolean("causal", default: true)
    dropout = try reader.number("dropout", .belowOne, default: 0)
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) {
    stem.write(to: &writer)
    writer.write("width", width)
    writer.write("kernel", kernel)
    writer.write("levels", levels)
    writer.write("causal", causal)
    writer.write("dropout", dropout)
  }

  /// The encoder that this section describes, registered under `encoder`.
  public func makeEncoder(_ context: ModelContext) -> any Encoder {
    let blocks = (0..<levels).map { ResidualBlock.Shape(width: width, kernel: kernel, dilation: 1 << $0) }
    let shape = ResNet.Shape(
      stem: stem.shape, blocks: blocks, causal: causal, dropout: dropout)
    return ResNet(
      "encoder", features: context.data.features, categories: context.categories, shape, in: context.store)
  }
}
