import Networks

/// `encoder: {kind: critic}`: strided convolutions with leaky ReLU and no normalisation, as the objective `adversarial`
/// needs them (Donahue, McAuley and Puckette 2019, arXiv:1802.04208).
public struct CriticRecipe: EncoderRecipe, Equatable {
  /// Sizes.
  public var shape: Critic.Shape

  /// The word under `kind`.
  public static let kind = "critic"
  /// The most timesteps of a frame.
  private static let longestFrame = 1 << 20
  /// Channels of the last layer.
  public var width: Int { shape.width(ofLayer: shape.layers - 1) }
  /// The product of the strides.
  public var timestepsPerFrame: Int { shape.frame }
  /// Every layer looks both ways.
  public var isCausal: Bool { false }

  /// No setting makes it so; another encoder is.
  public var causalSetting: String { "kind: tcn" }

  /// Reads all keys.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    let layers = try reader.integer("layers", in: 1...12, default: 4)
    shape = Critic.Shape(
      channels: try reader.integer("channels", in: 1...1024, default: 16), layers: layers,
      kernel: try reader.integer("kernel", in: 1...1024, default: 25),
      stride: try reader.integer("stride", in: 2...64, default: 4))
    var frame = 1
    for _ in 0..<layers { frame = min(frame * shape.stride, CriticRecipe.longestFrame + 1) }
    guard frame <= CriticRecipe.longestFrame else {
      throw reader.error(
        "layers",
        "a frame would have more than \(CriticRecipe.longestFrame) timesteps; fewer layers, or a smaller stride")
    }
    guard width <= 8192 else {
      throw reader.error(
        "layers", "the last layer would have \(width) channels; at most 8192: fewer layers, or channels")
    }
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) {
    writer.write("channels", shape.channels)
    writer.write("layers", shape.layers)
    writer.write("kernel", shape.kernel)
    writer.write("stride", shape.stride)
  }

  /// It reads numbers.
  public func conflict(with input: InputRecipe) -> RecipeConflict? {
    input.kind == .reals
      ? nil
      : RecipeConflict(key: "kind", reason: "a critic reads numbers; use model.input.kind: reals, or another encoder")
  }

  /// The encoder that this section describes, registered under `encoder`.
  public func makeEncoder(_ context: ModelContext) -> any Encoder {
    Critic("encoder", features: context.data.features, shape, in: context.store)
  }
}
