import Networks

/// `objective: {kind: next}`: each frame's embedding predicts what comes `ahead` frames later: values,
/// the spectrum, or categories.
public struct NextRecipe: ObjectiveRecipe, Equatable {
  /// How many frames ahead.
  public var ahead: Int
  /// What is predicted.
  public var target: PredictedOfFrame

  /// The word under `kind`.
  public static let kind = "next"
  /// It needs no labels.
  public var isSelfSupervised: Bool { true }

  /// The prediction of the frame `ahead` frames later.
  public init(ahead: Int = 1, target: PredictedOfFrame = .values) {
    self.ahead = ahead
    self.target = target
  }

  /// Reads `ahead` and `target`.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    ahead = try reader.integer("ahead", in: 1...1_000_000, default: 1)
    target = try reader.choice("target", default: .values)
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) {
    writer.write("ahead", ahead)
    writer.write("target", target)
  }

  /// An encoder that sees the future would copy the answer; and categories have no spectrum.
  public func conflict(with model: ModelRecipe, _ batch: BatchRecipe) -> RecipeConflict? {
    model.encoder.conflictWithSeeingTheFuture(NextRecipe.kind) ?? target.conflict(with: model)
  }
}

extension NextRecipe {
  /// A linear decoder of the timesteps that follow, registered under `objective`.
  public func makeObjective(_ context: ModelContext, encoder: some Encoder) throws -> any Objective {
    NextFrame(
      ahead: ahead,
      decoder: FrameDecoder(
        context.objective.path + ".decoder", width: encoder.width, target: try target.target(context, encoder),
        frame: encoder.frame, features: context.data.features, in: context.store))
  }
}
