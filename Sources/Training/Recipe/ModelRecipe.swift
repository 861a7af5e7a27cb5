/// The section `model`: how sequences are read, the encoder, and what becomes of its frames.
public struct ModelRecipe: Sendable {
  /// How the frames of a sequence become one embedding.
  public enum Pool: String, CaseIterable, Sendable {
    /// Their mean.
    case mean
    /// Their maximum, channel by channel.
    case max
    /// The last frame.
    case last
  }

  /// How the encoder reads.
  public var input: InputRecipe
  /// The network that is kept.
  public var encoder: any EncoderRecipe
  /// How frames become an embedding.
  public var pool: Pool
  /// The part of the pooled embedding that is dropped before the head in training.
  public var dropout: Double

  init(from reader: inout RecipeReader) throws(RecipeError) {
    let input = try reader.section("input", InputRecipe.init(from:))
    self.input = input
    encoder = try reader.section("encoder") { (section: inout RecipeReader) throws(RecipeError) -> any EncoderRecipe in
      let kind = try section.kind(among: RecipeKinds.encoders.map { $0.kind })
      let encoder = try RecipeKinds.encoders[kind].init(from: &section)
      if let conflict = encoder.conflict(with: input) { throw section.error(conflict.key, conflict.reason) }
      return encoder
    }
    pool = try reader.choice("pool", default: .mean)
    dropout = try reader.number("dropout", .belowOne, default: 0)
  }

  func write(to writer: inout RecipeWriter) {
    writer.section("input") { input.write(to: &$0) }
    writer.section("encoder") {
      $0.write(kind: type(of: encoder).kind)
      encoder.write(to: &$0)
    }
    writer.write("pool", pool)
    writer.write("dropout", dropout)
  }
}

/// The section `model.input`: how the encoder reads the values of a data set.
public struct InputRecipe: Sendable, Equatable {
  /// What a value is to the encoder.
  public enum Kind: String, CaseIterable, Sendable {
    /// One of a few categories, each with an embedding; needs category data.
    case categories
    /// A number; categories are read as their numbers.
    case reals
  }

  /// What is done to reals before the encoder sees them.
  public enum Normalise: String, CaseIterable, Sendable {
    /// Nothing.
    case none
    /// Each feature by its mean and deviation over the training sequences.
    case dataset
    /// Each feature by its mean and deviation over the sequence.
    case sequence
  }

  /// What a value is to the encoder.
  public var kind: Kind
  /// What is done to reals first.
  public var normalise: Normalise

  init(from reader: inout RecipeReader) throws(RecipeError) {
    kind = try reader.choice("kind")
    normalise = try reader.choice("normalise", default: Normalise.none)
    if kind == .categories, normalise != .none {
      throw reader.error("normalise", "categories are not normalised; use normalise: none, or kind: reals")
    }
  }

  func write(to writer: inout RecipeWriter) {
    writer.write("kind", kind)
    writer.write("normalise", normalise)
  }
}
