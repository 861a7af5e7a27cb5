import Networks
import PackedTensors
import SequenceData

/// What a recipe's sections build their parts from.
public struct ModelContext {
  /// Where parameters are registered.
  public let store: ParameterStore
  /// The data that the model is for.
  public let data: DataDescription
  /// The section `model` of the recipe.
  public let recipe: ModelRecipe
}
