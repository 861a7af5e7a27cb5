import Networks

/// The section `objective`: what is minimised.
public protocol ObjectiveRecipe: RecipeSection {
  /// Whether it needs no labels, so that pretraining can use it.
  var isSelfSupervised: Bool { get }

  /// Whether it can be a part of `combined`.
  var canBeCombined: Bool { get }

  /// The key of this section that cannot go with the model or the batches, and why; nil where all is well.
  func conflict(with model: ModelRecipe, _ batch: BatchRecipe) -> RecipeConflict?

  /// The key of this section that cannot go with the course of the training, and why; nil where all is well.
  func conflict(with training: TrainingRecipe) -> RecipeConflict?

  /// Builds the objective for an encoder and registers its parameters. Throws where the data set does not fit.
  func makeObjective(_ context: ModelContext, encoder: some Encoder) throws -> any Objective
}

extension ObjectiveRecipe {
  /// An encoder's pass can serve it and others.
  public var canBeCombined: Bool { true }
  /// Most go with any.
  public func conflict(with training: TrainingRecipe) -> RecipeConflict? { nil }
}

/// Two parts of a recipe that cannot go together.
public struct RecipeConflict: Sendable, Equatable {
  /// The key that is at fault, within its section.
  public let key: String
  /// Why, and what to do.
  public let reason: String

  /// Where it stands; nil: where the section's key does.
  public let place: RecipeError.Place?

  /// A conflict of `key`.
  public init(key: String, reason: String, place: RecipeError.Place? = nil) {
    self.key = key
    self.reason = reason
    self.place = place
  }
}
