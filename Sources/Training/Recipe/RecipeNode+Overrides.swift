/// An override of the command line: `--set training.steps=10`.
struct RecipeOverride {
  /// As it was given.
  let text: String
  /// The keys from the root down; a number counts in a list.
  let path: [String]
  let value: RecipeNode

  /// Reads `key.path=value`; the value is YAML: `1e-3`, `true`, `{kind: next}`, `null`.
  init(_ text: String, recipe: String) throws(RecipeError) {
    let place = RecipeError.Place.override(text)
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw RecipeError(recipe: recipe, place: place, key: "", reason: "expected key.path=value")
    }
    let path = text[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard !path.contains("") else {
      throw RecipeError(recipe: recipe, place: place, key: "", reason: "the key path has an empty part")
    }
    self.text = text
    self.path = path
    value = try RecipeNode(
      overrideValue: String(text[text.index(after: equals)...]), recipe: recipe, place: place)
  }

  /// Whether it picks the type of a section.
  var isKind: Bool { path.count > 1 && path.last == "kind" }
}

extension RecipeNode {
  /// Applies overrides in their order, those of a `kind` first: a section whose kind changes starts over, and what the
  /// other overrides say of it must not be lost with the old kind's keys.
  ///
  /// A key that the tree lacks is added; whether it is a known one is seen when the recipe is decoded.
  mutating func apply(_ overrides: [RecipeOverride], recipe: String) throws(RecipeError) {
    for override in overrides where override.isKind { try set(override, at: 0, recipe: recipe) }
    for override in overrides where !override.isKind { try set(override, at: 0, recipe: recipe) }
  }

  private mutating func set(_ override: RecipeOverride, at depth: Int, recipe: String) throws(RecipeError) {
    guard depth < override.path.count else {
      self = override.value
      return
    }
    let key = override.path[depth]
    let place = RecipeError.Place.override(override.text)
    switch content {
    case .mapping(var entries):
      if key == "kind", depth == override.path.count - 1, Self.startsOver(override) {
        let old = entries.first { $0.key == "kind" }
        if old?.value.words != override.value.words { entries.removeAll() }
      }
      if let index = entries.firstIndex(where: { $0.key == key }) {
        try entries[index].value.set(override, at: depth + 1, recipe: recipe)
        entries[index] = Entry(key: key, place: entries[index].place, value: entries[index].value)
      } else {
        var value = RecipeNode(content: .mapping([]), place: place)
        try value.set(override, at: depth + 1, recipe: recipe)
        entries.append(Entry(key: key, place: place, value: value))
      }
      content = .mapping(entries)
    case .sequence(var items):
      guard let index = Int(key), items.indices.contains(index) else {
        throw RecipeError(
          recipe: recipe, place: place, key: override.path[...depth].joined(separator: "."),
          reason: "expected the number of an item, 0 to \(items.count - 1)")
      }
      try items[index].set(override, at: depth + 1, recipe: recipe)
      content = .sequence(items)
    case .scalar:
      guard isNull else {
        throw RecipeError(
          recipe: recipe, place: place, key: override.path[...depth].joined(separator: "."),
          reason: "there is nothing below \(override.path[..<depth].joined(separator: ".")), which is \(words)")
      }
      self = RecipeNode(content: .mapping([]), place: place)
      try set(override, at: depth, recipe: recipe)
    }
  }

  /// Whether another kind means other keys; both kinds of input have the same ones.
  private static func startsOver(_ override: RecipeOverride) -> Bool {
    override.isKind && override.path != ["model", "input", "kind"]
  }
}
