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
  /// Under what path an objective registers its parameters, and in which section of the recipe it stands.
  public internal(set) var objective = (path: "objective", section: "objective")
  /// The number of categories where values are looked up; none where they are read as numbers.
  public var categories: Int? { recipe.input.kind == .categories ? data.categories : nil }
}
