extension RecipeNode {
  /// The tree as YAML: mappings in blocks, in the order of their entries; mappings in lists on one line.
  var yaml: String {
    guard case .mapping(let entries) = content else { return inlineText + "\n" }
    return Self.lines(of: entries, indent: "").joined(separator: "\n") + "\n"
  }

  /// Every scalar by its path: `("model.encoder.blocks[0].width", "64")`, in the order of the tree.
  var leaves: [(path: String, text: String)] { leaves(under: "") }

  private func leaves(under path: String) -> [(path: String, text: String)] {
    switch content {
    case .scalar: [(path, inlineText)]
    case .mapping(let entries):
      entries.flatMap { $0.value.leaves(under: path.isEmpty ? $0.key : "\(path).\($0.key)") }
    case .sequence(let items):
      items.enumerated().flatMap { $1.leaves(under: "\(path)[\($0)]") }
    }
  }

  private static func lines(of entries: [Entry], indent: String) -> [String] {
    entries.flatMap { entry -> [String] in
      switch entry.value.content {
      case .mapping(let inner) where !inner.isEmpty:
        ["\(indent)\(entry.key):"] + lines(of: inner, indent: indent + "  ")
      case .sequence(let items) where !items.isEmpty:
        ["\(indent)\(entry.key):"] + items.map { "\(indent)  - \($0.inlineText)" }
      default: ["\(indent)\(entry.key): \(entry.value.inlineText)"]
      }
    }
  }

  /// The node on one line.
  private var inlineText: String {
    switch content {
    case .mapping(let entries):
      "{" + entries.map { "\($0.key): \($0.value.inlineText)" }.joined(separator: ", ") + "}"
    case .sequence(let items): "[" + items.map(\.inlineText).joined(separator: ", ") + "]"
    case .scalar(let text, let quoted):
      quoted ? "'\(text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'" : text
    }
  }
}
