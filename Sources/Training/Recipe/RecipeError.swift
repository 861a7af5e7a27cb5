/// What is wrong with a recipe, and where: the key by its full path and the line, or the `--set` that brought it.
public struct RecipeError: Error, Equatable, CustomStringConvertible {
  /// Where a key or value came from.
  public enum Place: Sendable, Equatable {
    /// A line of the recipe file, counted from 1.
    case line(Int)
    /// An override of the command line, as it was given: `training.steps=10`.
    case override(String)
    /// The recipe as a whole.
    case whole
  }

  /// The recipe's file name, as it was given.
  public let recipe: String
  /// Where the key stands, or where it is missed.
  public let place: Place
  /// The key's path: `model.encoder.width`; empty where no single key is meant.
  public let key: String
  /// What is wrong with it, what was expected and what can be done.
  public let reason: String

  /// An error at a place of a recipe.
  public init(recipe: String, place: Place, key: String, reason: String) {
    self.recipe = recipe
    self.place = place
    self.key = key
    self.reason = reason
  }

  /// The exit code of a job that ends with it: usage or recipe.
  public var exitCode: Int32 { 64 }

  /// The sentence that is shown.
  public var description: String {
    let origin =
      switch place {
      case .line(let line): "\(recipe), line \(line): "
      case .override(let text): "\(recipe), --set \(text): "
      case .whole: "\(recipe): "
      }
    return origin + (key.isEmpty ? reason : "\(key): \(reason)")
  }
}
