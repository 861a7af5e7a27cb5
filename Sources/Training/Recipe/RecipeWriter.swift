/// Takes down the keys of a resolved recipe, every default among them, in the order in which they are written.
public struct RecipeWriter {
  private(set) var entries: [RecipeNode.Entry] = []

  /// The keys as a tree.
  var node: RecipeNode { RecipeNode(content: .mapping(entries), place: .whole) }

  /// Writes an integer.
  public mutating func write(_ key: String, _ value: Int) { append(key, .scalar("\(value)")) }

  /// Writes a number in the shortest decimal form that reads back to the same bits; nil as `null`.
  public mutating func write(_ key: String, _ value: Double?) { append(key, .scalar(value.map { "\($0)" } ?? "null")) }

  /// Writes a truth value.
  public mutating func write(_ key: String, _ value: Bool) { append(key, .scalar(value ? "true" : "false")) }

  /// Writes one word of several.
  public mutating func write(_ key: String, _ value: some RawRepresentable<String>) {
    append(key, .scalar(value.rawValue))
  }

  /// Writes a list of texts, each in quotation marks, so that a name such as `1` reads back as a text.
  public mutating func write(_ key: String, _ texts: [String]) {
    let nodes = texts.map { RecipeNode(content: .scalar($0, quoted: true), place: .whole) }
    append(key, RecipeNode(content: .sequence(nodes), place: .whole))
  }

  /// Writes the word of a kind.
  public mutating func write(kind: String) { append("kind", .scalar(kind)) }

  /// Writes that an optional section is not there.
  public mutating func writeNull(_ key: String) { append(key, .scalar("null")) }

  /// Writes a section.
  public mutating func section(_ key: String, _ body: (inout RecipeWriter) -> Void) {
    var writer = RecipeWriter()
    body(&writer)
    append(key, writer.node)
  }

  /// Writes a list of sections.
  public mutating func list<Item>(_ key: String, _ items: [Item], _ body: (Item, inout RecipeWriter) -> Void) {
    let nodes = items.map { item in
      var writer = RecipeWriter()
      body(item, &writer)
      return writer.node
    }
    append(key, RecipeNode(content: .sequence(nodes), place: .whole))
  }

  private mutating func append(_ key: String, _ value: RecipeNode) {
    precondition(!entries.contains { $0.key == key }, "\(key) is written twice")
    entries.append(RecipeNode.Entry(key: key, place: .whole, value: value))
  }
}
