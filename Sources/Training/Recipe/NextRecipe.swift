import Networks
import PackedTensors
import SequenceData

/// `objective: {kind: next}`: each frame's embedding predicts what comes `ahead` frames later.
public struct NextRecipe: ObjectiveRecipe, Equatable {
  /// How many frames ahead.
  public var ahead: Int

  /// The word under `kind`.
  public static let kind = "next"
  /// It needs no labels.
  public var isSelfSupervised: Bool { true }

  /// The prediction of the frame `ahead` frames later.
  public init(ahead: Int = 1) { self.ahead = ahead }

  /// Reads `ahead`.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    ahead = try reader.integer("ahead", in: 1...1_000_000, default: 1)
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) { writer.write("ahead", ahead) }

  /// An encoder that sees the future would copy the answer.
  public func conflict(with model: ModelRecipe, _ batch: BatchRecipe) -> RecipeConflict? {
    model.encoder.conflictWithSeeingTheFuture(NextRecipe.kind)
  }
}

extension NextRecipe {
  /// A linear decoder of the timesteps that follow, registered under `objective`.
  public func makeObjective(_ context: ModelContext, encoder: some Encoder) throws -> any Objective {
    let target: FrameTarget = context.data.categories.map { .categories(count: $0) } ?? .values
    return NextFrame(
      ahead: ahead,
      decoder: FrameDecoder(
        context.objective.path + ".decoder", width: encoder.width, target: target, frame: encoder.frame,
        features: context.data.features, in: context.store))
  }
}
