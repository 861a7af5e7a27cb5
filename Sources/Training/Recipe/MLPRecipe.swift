import Networks
import PackedTensors

/// `encoder: {kind: mlp}`: a multilayer perceptron at every timestep, for vectors of a fixed width as sequences of one
/// timestep each. A layer is linear, batch norm, activation, dropout.
public struct MLPRecipe: EncoderRecipe, Equatable {
  /// Channels of every layer.
  public var width: Int
  /// Layers.
  public var layers: Int
  /// Whether batch norm stands before each activation.
  public var norm: Bool
  /// The activation.
  public var activation: ResNetRecipe.Activation
  /// The part of the activations behind each layer that is dropped in training.
  public var dropout: Double

  /// The word under `kind`.
  public static let kind = "mlp"
  /// Every timestep is a frame.
  public var timestepsPerFrame: Int { 1 }
  /// It sees no other timestep.
  public var isCausal: Bool { true }
  /// It sees no other timestep.
  public var seesOtherFrames: Bool { false }

  /// Reads all keys.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    width = try reader.integer("width", in: 1...8192, default: 64)
    layers = try reader.integer("layers", in: 1...256, default: 2)
    norm = try reader.boolean("norm", default: true)
    activation = try reader.choice("activation", default: .relu)
    dropout = try reader.number("dropout", .belowOne, default: 0)
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) {
    writer.write("width", width)
    writer.write("layers", layers)
    writer.write("norm", norm)
    writer.write("activation", activation)
    writer.write("dropout", dropout)
  }

  /// The encoder that this section describes, registered under `encoder`.
  public func makeEncoder(_ context: ModelContext) -> any Encoder {
    let shape = Perceptron.Shape(
      width: width, layers: layers, isNormalised: norm, activation: activation == .gelu ? .gelu : .relu,
      dropout: dropout)
    return Perceptron(
      "encoder", features: context.data.features, categories: context.categories, shape, in: context.store)
  }
}
