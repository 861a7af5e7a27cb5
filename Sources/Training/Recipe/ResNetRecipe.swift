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

  /// The first convolution.
  public struct Stem: Sendable, Equatable {
    /// Output channels.
    public var width: Int
    /// Taps.
    public var kernel: Int
    /// Timesteps between outputs.
    public var stride: Int
    /// Whether batch norm and the activation follow it.
    public var norm: Bool
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
  public var stem: Stem
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
    if reader.isList("blocks") {
      blocks = try reader.list("blocks") { (block: inout RecipeReader) throws(RecipeError) -> Block in
        Block(
          width: try block.integer("width", in: 1...8192, default: width),
          kernel: try block.integer("kernel", in: 1...1024, default: kernel),
          stride: try block.integer("stride", in: 1...1024, default: 1),
          dilation: try block.integer("dilation", in: 1...1_000_000, default: 1))
      }
    } else {
      let count = try reader.integer("blocks", in: 1...256, default: 1)
      blocks = [Block](repeating: Block(width: width, kernel: kernel, stride: 1, dilation: 1), count: count)
    }
    stem = try reader.sectionOrDefaults("stem") { (section: inout RecipeReader) throws(RecipeError) -> Stem in
      let kernel = try section.integer("kernel", in: 1...4096, default: 1)
      let stride = try section.integer("stride", in: 1...4096, default: 1)
      return Stem(
        width: try section.integer("width", in: 1...8192, default: width), kernel: kernel, stride: stride,
        norm: try section.boolean("norm", default: kernel != 1 || stride != 1))
    }
    causal = try reader.boolean("causal", default: false)
    activation = try reader.choice("activation", default: .relu)
    dropout = try reader.number("dropout", .belowOne, default: 0)
    var stride = stem.stride
    for block in blocks {
      let (product, overflow) = stride.multipliedReportingOverflow(by: block.stride)
      guard !overflow, product <= 1 << 20 else {
        throw reader.error("blocks", "the strides multiply to more than \(1 << 20) timesteps a frame")
      }
      stride = product
    }
  }

  /// Writes the form that says everything of every block.
  public func write(to writer: inout RecipeWriter) {
    writer.section("stem") {
      $0.write("width", stem.width)
      $0.write("kernel", stem.kernel)
      $0.write("stride", stem.stride)
      $0.write("norm", stem.norm)
    }
    writer.list("blocks", blocks) { block, item in
      item.write("width", block.width)
      item.write("kernel", block.kernel)
      item.write("stride", block.stride)
      item.write("dilation", block.dilation)
    }
    writer.write("causal", causal)
    writer.write("activation", activation)
    writer.write("dropout", dropout)
  }
}

extension ResNetRecipe {
  /// The encoder that this section describes, registered under `encoder`.
  public func makeEncoder(_ context: ModelContext) -> any Encoder {
    let shape = ResNet.Shape(
      stem: .init(width: stem.width, kernel: stem.kernel, stride: stem.stride, isNormalised: stem.norm),
      blocks: blocks.map { .init(width: $0.width, kernel: $0.kernel, stride: $0.stride, dilation: $0.dilation) },
      causal: causal, activation: activation == .gelu ? .gelu : .relu, dropout: dropout)
    return ResNet(
      "encoder", features: context.data.features, categories: context.categories, shape, in: context.store)
  }
}
