import SequenceData

/// The keys of one section of a recipe, read by name and type; what nobody asked for is an unknown key.
///
/// Every getter throws a `RecipeError` that names key and line. A section is closed by whoever opened it: then each key
/// that stands there and was not asked for is refused, with the nearest one that was.
public struct RecipeReader {
  let recipe: String
  let path: String
  let place: RecipeError.Place
  let entries: [RecipeNode.Entry]
  var asked: [String] = []

  /// The keys under `node`, which must be a mapping; `place` is where its own key stands.
  init(_ node: RecipeNode, recipe: String, path: String, place: RecipeError.Place) throws(RecipeError) {
    guard case .mapping(let entries) = node.content else {
      throw RecipeError(
        recipe: recipe, place: place, key: path, reason: "expected a mapping of keys, got \(node.words)")
    }
    self.recipe = recipe
    self.path = path
    self.place = place
    self.entries = entries
  }

  /// A section that is not there: every key takes its default.
  init(emptyUnder parent: RecipeReader, key: String) {
    recipe = parent.recipe
    path = parent.path(of: key)
    place = parent.place
    entries = []
  }

  /// An error about `key` of this section, at its line if it stands there and at the section's otherwise.
  public func error(_ key: String?, _ reason: String) -> RecipeError {
    guard let key else { return RecipeError(recipe: recipe, place: place, key: path, reason: reason) }
    return RecipeError(recipe: recipe, place: place(of: key), key: path(of: key), reason: reason)
  }

  /// The error of a key that cannot go with another part of the recipe.
  func error(_ conflict: RecipeConflict) -> RecipeError {
    RecipeError(
      recipe: recipe, place: conflict.place ?? place(of: conflict.key), key: path(of: conflict.key),
      reason: conflict.reason)
  }

  /// Where the key stands, or the override that gave it another value; the section's place where it is absent.
  func place(of key: String) -> RecipeError.Place {
    guard let entry = entries.first(where: { $0.key == key }) else { return place }
    if case .override = entry.value.place { return entry.value.place }
    return entry.place
  }

  /// Whether a list stands under the key.
  public func isList(_ key: String) -> Bool {
    guard let entry = entries.first(where: { $0.key == key }), case .sequence = entry.value.content else {
      return false
    }
    return true
  }

  /// Refuses what stands there and was not asked for.
  func finish() throws(RecipeError) {
    if let entry = entries.first(where: { !asked.contains($0.key) }) { throw unknown(entry) }
  }

  /// The node under `key`, nil where it is absent or null.
  mutating func node(_ key: String) -> RecipeNode? {
    asked.append(key)
    return entries.first { $0.key == key }.flatMap { $0.value.isNull ? nil : $0.value }
  }

  /// The error of a key that must be there: where something like it stands, that is what is wrong.
  func missing(_ key: String, expected: String) -> RecipeError {
    let similar = entries.filter { !asked.contains($0.key) && Spelling.nearest(to: $0.key, among: [key]) != nil }
    if let entry = similar.first { return unknown(entry) }
    return error(key, "is missing; expected \(expected)")
  }

  func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  private func unknown(_ entry: RecipeNode.Entry) -> RecipeError {
    let hint =
      if let nearest = Spelling.nearest(to: entry.key, among: asked) {
        "unknown key; did you mean '\(nearest)'?"
      } else if path.isEmpty, let place = RecipeReader.path(like: entry.key, in: entries) {
        "unknown key; did you mean '\(place)'?"
      } else {
        "unknown key; known here: \(asked.sorted().joined(separator: ", "))"
      }
    return RecipeError(recipe: recipe, place: entry.place, key: path(of: entry.key), reason: hint)
  }

  /// The path of a key within sections that is like this one: whoever forgets the section means that.
  private static func path(like key: String, in entries: [RecipeNode.Entry]) -> String? {
    var paths: [String: String] = [:]
    func collect(_ entries: [RecipeNode.Entry], under path: String) {
      for entry in entries {
        guard case .mapping(let inner) = entry.value.content else { continue }
        let section = path.isEmpty ? entry.key : "\(path).\(entry.key)"
        for one in inner where paths[one.key] == nil { paths[one.key] = "\(section).\(one.key)" }
        collect(inner, under: section)
      }
    }
    collect(entries, under: "")
    return Spelling.nearest(to: key, among: paths.keys.sorted()).flatMap { paths[$0] }
  }
}
