extension ModelRecipe {
  /// The section as YAML, with every default written out.
  var resolvedYAML: String { node.yaml }

  /// The section as a tree.
  var node: RecipeNode {
    var writer = RecipeWriter()
    write(to: &writer)
    return writer.node
  }

  /// Reads what ``resolvedYAML`` gives.
  init(yaml: String, name: String) throws(RecipeError) {
    var reader = try RecipeReader(try RecipeNode(yaml: yaml, recipe: name), recipe: name, path: "model", place: .whole)
    try self.init(from: &reader)
    try reader.finish()
  }

  /// The keys of `encoder` and `input` in which two models differ, each as `model.key: a → b`.
  static func encoderDifferences(from old: ModelRecipe, to new: ModelRecipe) -> [String] {
    func leaves(_ model: ModelRecipe) -> [(path: String, text: String)] {
      model.node.leaves.filter { $0.path.hasPrefix("encoder.") || $0.path.hasPrefix("input.") }
    }
    let (before, after) = (leaves(old), leaves(new))
    let newTexts = Dictionary(uniqueKeysWithValues: after.map { ($0.path, $0.text) })
    let known = Set(before.map(\.path))
    return before.filter { newTexts[$0.path] != $0.text }.map {
      "model.\($0.path): \($0.text) → \(newTexts[$0.path] ?? "(none)")"
    } + after.filter { !known.contains($0.path) }.map { "model.\($0.path): (none) → \($0.text)" }
  }
}
