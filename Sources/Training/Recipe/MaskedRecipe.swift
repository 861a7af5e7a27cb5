import Networks
import PackedTensors
import SequenceData

/// `objective: {kind: masked}`: spans of frames are hidden in the input, and the loss is taken on them alone.
public struct MaskedRecipe: ObjectiveRecipe, Equatable {
  /// What is predicted of a hidden frame of reals; of categories it is always the categories.
  public enum Target: String, CaseIterable, Sendable {
    /// The frame's values, by Huber loss.
    case values
    /// The log-magnitude spectrum of the frame, by Huber loss.
    case spectrum
  }

  /// The part of the frames that is hidden.
  public var ratio: Double
  /// The frames in a span; a frame is as many timesteps as the encoder's strides multiply to.
  public var span: Int
  /// What is predicted.
  public var target: Target

  /// The word under `kind`.
  public static let kind = "masked"
  /// It needs no labels.
  public var isSelfSupervised: Bool { true }

  /// A masked objective, by default the one that a recipe without further keys has.
  public init(ratio: Double = 0.4, span: Int = 3, target: Target = .values) {
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
    guard target == .spectrum, model.input.kind == .categories else { return nil }
    return RecipeConflict(
      key: "target", reason: "categories have no spectrum; use target: values, or model.input.kind: reals")
  }
}

extension MaskedRecipe {
  /// A linear decoder of hidden frames, and a mask vector for category data, registered under `objective`.
  public func makeObjective(_ context: ModelContext, encoder: some Encoder) throws -> any Objective {
    let vector = context.data.categories.map { _ in
      context.store.addParameter(
        context.objective.path + ".mask", shape: [encoder.stemWidth], .uniform(fanIn: encoder.stemWidth))
    }
    let target: FrameTarget
    switch (context.data.values, self.target) {
    case (.categories(let count), .values): target = .categories(count: count)
    case (.categories, .spectrum):
      throw TrainingError.usage(
        "\(context.objective.section).target: spectrum needs a data set of reals; this one holds categories: use target: values"
      )
    case (.reals, .values): target = .values
    case (.reals, .spectrum): target = .spectrum
    }
    if target == .spectrum && encoder.frame < 2 {
      throw TrainingError.usage(
        "\(context.objective.section).target: spectrum needs frames of at least 2 timesteps; the encoder's strides multiply to 1: use target: values, or stride"
      )
    }
    return Masked(
      ratio: ratio, span: span,
      decoder: FrameDecoder(
        context.objective.path + ".decoder", width: encoder.width, target: target, frame: encoder.frame,
        features: context.data.features, in: context.store), maskVector: vector)
  }
}
