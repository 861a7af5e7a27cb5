/// A recipe as a tree of keys and texts, before it means anything; every part knows where it came from.
///
/// Reading, overriding, writing, hashing and comparing recipes all work on this one tree.
struct RecipeNode: Sendable {
  /// One key of a mapping and what stands under it.
  struct Entry: Sendable {
    let key: String
    let place: RecipeError.Place
    var value: RecipeNode
  }

  /// What stands at a node.
  enum Content: Sendable {
    case mapping([Entry])
    case sequence([RecipeNode])
    /// A text, and whether it stood in quotation marks: then it is no number, truth value or null.
    case scalar(String, quoted: Bool)
  }

  var content: Content
  let place: RecipeError.Place

  /// A scalar that was not read from anywhere.
  static func scalar(_ text: String) -> RecipeNode {
    RecipeNode(content: .scalar(text, quoted: false), place: .whole)
  }

  /// Whether it says that there is no value.
  var isNull: Bool {
    if case .scalar(let text, quoted: false) = content { return ["", "~", "null"].contains(text) }
    return false
  }

  /// A text as an error may quote it.
  private static func short(_ text: String) -> String { text.count <= 80 ? text : text.prefix(80) + "…" }

  /// What the node is, for an error that expected something else.
  var words: String {
    switch content {
    case .mapping: "a mapping of keys"
    case .sequence: "a list"
    case .scalar(let text, let quoted):
      quoted ? "the text \"\(Self.short(text))\"" : isNull ? "nothing" : "'\(Self.short(text))'"
    }
  }
}
