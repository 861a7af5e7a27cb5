import Networks
import PackedTensors

/// An encoder, what is minimised on top of it, and the parameters of both.
public struct Model<E: Encoder, O: Objective> {
  /// All parameters and statistics.
  public let store: ParameterStore
  /// The network that is kept.
  public let encoder: E
  /// What is minimised.
  public let objective: O
  /// Whether the encoder stays as it is, batch norm included.
  public let isEncoderFrozen: Bool

  /// The parameters that training changes.
  public var trainable: [Parameter] {
    isEncoderFrozen ? store.parameters.filter { !encoder.range.contains($0.range.lowerBound) } : store.parameters
  }
}

/// Somebody who can use a model whatever its encoder and objective are.
protocol ModelUser {
  associatedtype Result
  func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> Result
}

/// Builds models from recipes.
enum ModelBuilder {
  /// Builds the model that a recipe describes for a data set, and hands it to `user`.
  static func build<User: ModelUser>(
    _ recipe: ModelRecipe, objective: any ObjectiveRecipe, precision: Precision, data: DataDescription, seed: UInt64,
    isEncoderFrozen: Bool, for user: User
  ) throws -> User.Result {
    if recipe.input.kind == .categories && data.categories == nil {
      throw TrainingError.usage(
        "model.input.kind: categories needs a data set of categories; this one holds reals: use kind: reals")
    }
    let context = ModelContext(store: ParameterStore(seed: seed, precision: precision), data: data, recipe: recipe)
    return try opened(recipe.encoder.makeEncoder(context), objective, context, isEncoderFrozen, user)
  }

  private static func opened<E: Encoder, User: ModelUser>(
    _ encoder: E, _ objective: any ObjectiveRecipe, _ context: ModelContext, _ isEncoderFrozen: Bool, _ user: User
  ) throws -> User.Result {
    try opened(encoder, objective.makeObjective(context, encoder: encoder), context, isEncoderFrozen, user)
  }

  private static func opened<E: Encoder, O: Objective, User: ModelUser>(
    _ encoder: E, _ objective: O, _ context: ModelContext, _ isEncoderFrozen: Bool, _ user: User
  ) throws -> User.Result {
    try user.use(Model(store: context.store, encoder: encoder, objective: objective, isEncoderFrozen: isEncoderFrozen))
  }
}
