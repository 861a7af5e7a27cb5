import Networks
import PackedTensors

/// `encoder: {kind: resnet}`: a stem and residual blocks of convolutions with batch norm.
///
/// A block is conv(stride, dilation)-BN-activation-conv(dilation)-BN plus its skip, then the activation. The skip is
/// the identity, or conv1x1(stride)-BN where the width changes or the stride is not 1. He et al. 2015,
/// arXiv:1512.03385; for sequences Wang et al. 2016, arXiv:1611.06455.
public struct ResNetRecipe: EncoderRecipe, Equatable {
  /// What the activations are.
  public enum Activation: String, CaseIterable, Sendable {
    /// max(x, 0).
    case relu
    /// x Φ(x), the form with erf.
    case gelu
  }

  /// A residual block.
  public struct Block: Sendable, Equatable {
    /// Output channels.
    public var width: Int
    /// Taps of both convolutions.
    public var kernel: Int
    /// Stride of the first convolution and of the skip.
    public var stride: Int
    /// Timesteps between taps.
    public var dilation: Int
  }

  /// The first convolution.
  public var stem: StemRecipe
  /// The blocks in their order, at least one.
  public var blocks: [Block]
  /// Whether every convolution looks back only.
  public var causal: Bool
  /// The activation of stem and blocks.
  public var activation: Activation
  /// The part of the activations within each block that is dropped in training.
  public var dropout: Double

  /// The word under `kind`.
  public static let kind = "resnet"

  /// The last block's channels.
  public var width: Int { blocks.last!.width }
  /// The product of the strides.
  public var timestepsPerFrame: Int { blocks.reduce(stem.stride) { $0 * $1.stride } }
  /// Whether every convolution looks back only.
  public var isCausal: Bool { causal }
}

extension ResNetRecipe {
  /// Reads either form: `blocks` as a count, with `width` and `kernel` for all, or as a list. With a list, `width` and
  /// `kernel` are what a block that does not say its own has.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    let width = try reader.integer("width", in: 1...8192, default: 64)
    let kernel = try reader.integer("kernel", in: 1...1024, default: 3)
    blocks = try Block.list(from: &reader, width: width, kernel: kernel, default: 1)
    stem = try StemRecipe(from: &reader, width: width)
    causal = try reader.boolean("causal", default: false)
    activation = try reader.choice("activation", default: .relu)
    dropout = try reader.number("dropout", .belowOne, default: 0)
    try Block.checkStrides(of: blocks, behind: stem, reader)
  }

  /// Writes the form that says everything of every block.
  public func write(to writer: inout RecipeWriter) {
    stem.write(to: &writer)
    Block.write(blocks, to: &writer)
    writer.write("causal", causal)
    writer.write("activation", activation)
    writer.write("dropout", dropout)
  }
}

extension ResNetRecipe {
  /// The encoder that this section describes, registered under `encoder`.
  public func makeEncoder(_ context: ModelContext) -> any Encoder {
    let shape = ResNet.Shape(
      stem: stem.shape, blocks: blocks.map(\.shape),
      causal: causal, activation: activation == .gelu ? .gelu : .relu, dropout: dropout)
    return ResNet(
      "encoder", features: context.data.features, categories: context.categories, shape, in: context.store)
  }
}
