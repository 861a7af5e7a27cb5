import Networks
import PackedTensors
import SequenceData

/// What `autoencode` and `denoise` have in common: the code from which every timestep is told again.
public struct ReconstructionRecipe: Sendable, Equatable {
  /// What a code stands for.
  public enum Extent: String, CaseIterable, Sendable {
    /// Each frame has its own.
    case frame
    /// One stands for the whole sequence.
    case sequence
  }

  /// Channels of the code.
  public var code: Int
  /// What a code stands for.
  public var per: Extent
  /// Channels within the decoder.
  public var hidden: Int

  /// Reads `code`, `per` and `hidden`.
  init(from reader: inout RecipeReader) throws(RecipeError) {
    code = try reader.integer("code", in: 1...8192, default: 16)
    per = try reader.choice("per", default: .frame)
    hidden = try reader.integer("hidden", in: 1...8192, default: 64)
  }

  /// Writes what `init(from:)` reads.
  func write(to writer: inout RecipeWriter) {
    writer.write("code", code)
    writer.write("per", per)
    writer.write("hidden", hidden)
  }

  /// A bottleneck and a decoder, registered under `objective`.
  func makeObjective(_ context: ModelContext, encoder: some Encoder, _ corruption: Corruption) -> Autoencode {
    let (data, placed) = (context.data, per == .sequence)
    return Autoencode(
      corruption: corruption, pooling: placed ? context.recipe.pool.pooling : nil,
      code: ConvolutionLayer(
        linear: context.objective.path + ".code", inputs: encoder.width, outputs: code, in: context.store),
      decoder: TimestepDecoder(
        context.objective.path + ".decoder", inputs: code + (placed ? PlacedRows.places : 0), hidden: hidden,
        outputs: data.features * (data.categories ?? 1), frame: encoder.frame, placed: placed, in: context.store),
      target: data.categories.map { .categories(count: $0) } ?? .values, features: data.features, frame: encoder.frame)
  }
}

/// `objective: {kind: autoencode}`: every timestep of the input is told again from a code of few channels.
public struct AutoencodeRecipe: ObjectiveRecipe, Equatable {
  /// The code and the decoder.
  public var reconstruction: ReconstructionRecipe

  /// The word under `kind`.
  public static let kind = "autoencode"
  /// It needs no labels.
  public var isSelfSupervised: Bool { true }

  /// Reads all keys.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    reconstruction = try ReconstructionRecipe(from: &reader)
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) { reconstruction.write(to: &writer) }

  /// Whether the code is a bottleneck is known once there is a data set.
  public func conflict(with model: ModelRecipe, _ batch: BatchRecipe) -> RecipeConflict? { nil }

  /// The objective; throws where the code has room for all there is.
  public func makeObjective(_ context: ModelContext, encoder: some Encoder) throws -> any Objective {
    let values = encoder.frame * context.data.features
    guard reconstruction.per == .sequence || context.data.categories != nil || reconstruction.code < values else {
      throw TrainingError.usage(
        "\(context.objective.section).code: \(reconstruction.code) channels have room for all \(Counted.text(values, "value")) of a frame, so that copying would do: fewer, per: sequence, a larger stride, or kind: denoise"
      )
    }
    return reconstruction.makeObjective(context, encoder: encoder, Corruption())
  }
}

/// `objective: {kind: denoise}`: the encoder reads a corrupted input, and the clean one is told from a code.
public struct DenoiseRecipe: ObjectiveRecipe, Equatable {
  /// The code and the decoder.
  public var reconstruction: ReconstructionRecipe
  /// Standard deviation of added noise, in units of the input as the encoder reads it.
  public var noise: Double
  /// The share of values that are set to zero, or of categories that become another.
  public var mask: Double

  /// The word under `kind`.
  public static let kind = "denoise"
  /// It needs no labels.
  public var isSelfSupervised: Bool { true }

  /// Reads all keys. `mask` is a quarter where no noise is given.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    reconstruction = try ReconstructionRecipe(from: &reader)
    noise = try reader.number("noise", .notNegative, default: 0)
    mask = try reader.number("mask", .belowOne, default: noise > 0 ? 0 : 0.25)
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) {
    reconstruction.write(to: &writer)
    writer.write("noise", noise)
    writer.write("mask", mask)
  }

  /// There must be something to restore, and categories are no quantities.
  public func conflict(with model: ModelRecipe, _ batch: BatchRecipe) -> RecipeConflict? {
    if noise == 0 && mask == 0 {
      return RecipeConflict(
        key: "mask", reason: "nothing would be restored; give noise or mask above 0, or use kind: autoencode")
    }
    if noise > 0 && model.input.kind == .categories {
      return RecipeConflict(
        key: "noise", reason: "categories are no quantities; use mask, or model.input.kind: reals")
    }
    return nil
  }

  /// The objective.
  public func makeObjective(_ context: ModelContext, encoder: some Encoder) throws -> any Objective {
    reconstruction.makeObjective(
      context, encoder: encoder, Corruption(noise: noise, mask: mask, categories: context.categories))
  }
}
