/// A section of a recipe whose `kind` picks its type.
///
/// A new kind is one new file with a type that conforms, and one line in the list of `RecipeKinds`.
public protocol RecipeSection: Sendable {
  /// The word under `kind`.
  static var kind: String { get }

  /// Reads the section's other keys; keys that it does not ask for are refused afterwards.
  init(from reader: inout RecipeReader) throws(RecipeError)

  /// Writes the section's other keys, each of them, so that reading them again gives an equal value.
  func write(to writer: inout RecipeWriter)
}
