import Networks
import PackedTensors

/// What `lstm` and `gru` have in common: a stem and layers, one upon the other, in one direction or two.
public struct RecurrentLayersRecipe: Sendable, Equatable {
  /// Channels of a direction.
  public var width: Int
  /// Layers.
  public var layers: Int
  /// Whether each layer also goes from a sequence's end to its start.
  public var bidirectional: Bool
  /// The part of the activations between two layers that is dropped in training.
  public var dropout: Double
  /// The first convolution.
  public var stem: StemRecipe

  /// Reads all keys.
  init(from reader: inout RecipeReader) throws(RecipeError) {
    width = try reader.integer("width", in: 1...8192, default: 64)
    layers = try reader.integer("layers", in: 1...64, default: 1)
    bidirectional = try reader.boolean("bidirectional", default: false)
    dropout = try reader.number("dropout", .belowOne, default: 0)
    if dropout > 0 && layers == 1 {
      throw reader.error("dropout", "acts between layers, and there is one: layers: 2 or more, or model.dropout")
    }
    stem = try StemRecipe(from: &reader, width: width)
  }

  /// Writes what `init(from:)` reads.
  func write(to writer: inout RecipeWriter) {
    writer.write("width", width)
    writer.write("layers", layers)
    writer.write("bidirectional", bidirectional)
    writer.write("dropout", dropout)
    stem.write(to: &writer)
  }
}

/// A recipe of recurrent layers of one kind of cell.
protocol RecurrentRecipe: EncoderRecipe {
  /// What happens at a timestep.
  static var cell: RecurrentCell { get }
  /// The keys.
  var network: RecurrentLayersRecipe { get }
}

extension RecurrentRecipe {
  /// The word under `kind`.
  public static var kind: String { cell.rawValue }
  /// Channels of a frame: of both directions where there are two.
  public var width: Int { network.bidirectional ? 2 * network.width : network.width }
  /// The stem's stride.
  public var timestepsPerFrame: Int { network.stem.stride }
  /// Whether there is one direction.
  public var isCausal: Bool { !network.bidirectional }
  /// Two directions see the future.
  public var causalSetting: String { "bidirectional: false" }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) { network.write(to: &writer) }

  /// The encoder that this section describes, registered under `encoder`.
  public func makeEncoder(_ context: ModelContext) -> any Encoder {
    let shape = RecurrentEncoder.Shape(
      stem: network.stem.shape, cell: Self.cell, width: network.width, layers: network.layers,
      bidirectional: network.bidirectional, dropout: network.dropout)
    return RecurrentEncoder(
      "encoder", features: context.data.features, categories: context.categories, shape, in: context.store)
  }
}

/// `encoder: {kind: lstm}`: long short-term memory (Hochreiter and Schmidhuber 1997).
public struct LSTMRecipe: RecurrentRecipe, Equatable {
  static let cell = RecurrentCell.lstm
  /// The keys.
  public var network: RecurrentLayersRecipe

  /// Reads all keys.
  public init(from reader: inout RecipeReader) throws(RecipeError) { network = try .init(from: &reader) }
}

/// `encoder: {kind: gru}`: gated recurrent units (Cho et al. 2014, arXiv:1406.1078).
public struct GRURecipe: RecurrentRecipe, Equatable {
  static let cell = RecurrentCell.gru
  /// The keys.
  public var network: RecurrentLayersRecipe

  /// Reads all keys.
  public init(from reader: inout RecipeReader) throws(RecipeError) { network = try .init(from: &reader) }
}
