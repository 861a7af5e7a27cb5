import Networks
import PackedTensors

/// `objective: {kind: masked}`: spans of frames are hidden in the input, and the loss is taken on them alone.
public struct MaskedRecipe: ObjectiveRecipe, Equatable {
  /// The part of the frames that is hidden.
  public var ratio: Double
  /// The frames in a span; a frame is as many timesteps as the encoder's strides multiply to.
  public var span: Int
  /// What is predicted.
  public var target: PredictedOfFrame

  /// The word under `kind`.
  public static let kind = "masked"
  /// It needs no labels.
  public var isSelfSupervised: Bool { true }

  /// A masked objective, by default the one that a recipe without further keys has.
  public init(ratio: Double = 0.4, span: Int = 3, target: PredictedOfFrame = .values) {
    self.ratio = ratio
    self.span = span
    self.target = target
  }

  /// Reads `ratio`, `span` and `target`.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    ratio = try reader.number("ratio", .properPart, default: 0.4)
    span = try reader.integer("span", in: 1...1_000_000, default: 3)
    target = try reader.choice("target", default: .values)
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) {
    writer.write("ratio", ratio)
    writer.write("span", span)
    writer.write("target", target)
  }

  /// Who sees nothing beside a hidden frame cannot tell it; and categories have no spectrum.
  public func conflict(with model: ModelRecipe, _ batch: BatchRecipe) -> RecipeConflict? {
    if !model.encoder.seesOtherFrames {
      return RecipeConflict(
        key: "kind",
        reason: "masked needs an encoder that sees what stands beside a hidden frame; "
          + "\(type(of: model.encoder).kind) sees each frame alone: use denoise, contrastive, or another encoder")
    }
    return target.conflict(with: model)
  }
}

extension MaskedRecipe {
  /// A linear decoder of hidden frames, and a mask vector for category data, registered under `objective`.
  public func makeObjective(_ context: ModelContext, encoder: some Encoder) throws -> any Objective {
    let vector = context.data.categories.map { _ in
      context.store.addParameter(
        context.objective.path + ".mask", shape: [encoder.stemWidth], .uniform(fanIn: encoder.stemWidth))
    }
    return Masked(
      ratio: ratio, span: span,
      decoder: FrameDecoder(
        context.objective.path + ".decoder", width: encoder.width, target: try target.target(context, encoder),
        frame: encoder.frame, features: context.data.features, in: context.store), maskVector: vector)
  }
}
