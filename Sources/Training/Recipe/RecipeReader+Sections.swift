extension RecipeReader {
  /// Reads the section under `key` and refuses its unknown keys; it must be there.
  public mutating func section<Value>(
    _ key: String, _ body: (inout RecipeReader) throws(RecipeError) -> Value
  ) throws(RecipeError) -> Value {
    guard let value = try optionalSection(key, body) else { throw missing(key, expected: "a mapping of keys") }
    return value
  }

  /// Reads the section under `key`; nil where it is absent or null.
  public mutating func optionalSection<Value>(
    _ key: String, _ body: (inout RecipeReader) throws(RecipeError) -> Value
  ) throws(RecipeError) -> Value? {
    guard let node = node(key) else { return nil }
    return try read(node, path: path(of: key), place: place(of: key), body)
  }

  /// Reads the section under `key`, every default where it is absent.
  public mutating func sectionOrDefaults<Value>(
    _ key: String, _ body: (inout RecipeReader) throws(RecipeError) -> Value
  ) throws(RecipeError) -> Value {
    if let value = try optionalSection(key, body) { return value }
    var empty = RecipeReader(emptyUnder: self, key: key)
    return try body(&empty)
  }

  /// Reads a list of sections of at least one.
  public mutating func list<Value>(
    _ key: String, _ body: (inout RecipeReader) throws(RecipeError) -> Value
  ) throws(RecipeError) -> [Value] {
    let expected = "a list of mappings"
    guard let node = node(key) else { throw missing(key, expected: expected) }
    guard case .sequence(let items) = node.content, !items.isEmpty else {
      throw error(key, "expected \(expected), got \(node.words)")
    }
    var values: [Value] = []
    for (index, item) in items.enumerated() {
      values.append(try read(item, path: "\(path(of: key))[\(index)]", place: item.place, body))
    }
    return values
  }

  private func read<Value>(
    _ node: RecipeNode, path: String, place: RecipeError.Place,
    _ body: (inout RecipeReader) throws(RecipeError) -> Value
  ) throws(RecipeError) -> Value {
    var reader = try RecipeReader(node, recipe: recipe, path: path, place: place)
    let value = try body(&reader)
    try reader.finish()
    return value
  }
}
