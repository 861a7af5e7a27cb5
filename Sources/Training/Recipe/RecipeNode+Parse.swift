import Yams

extension RecipeNode {
  /// More nodes than any recipe has: aliases could otherwise unfold a small file into a large tree.
  private static let largestCount = 10_000
  /// More aliases than any recipe has. Yams compares keys through them before anything is counted here: eight unfold a
  /// key to at most eighteen times its size, thirty to more than can be waited for.
  private static let mostAliases = 8

  /// Reads a recipe's text.
  init(yaml: String, recipe: String) throws(RecipeError) {
    let node = try Self.compose(yaml, recipe: recipe, place: nil)
    guard let node else {
      throw RecipeError(recipe: recipe, place: .whole, key: "", reason: "the recipe is empty")
    }
    var count = 0
    self = try Self.convert(node, recipe: recipe, place: nil, count: &count)
    guard case .mapping = content else {
      throw RecipeError(
        recipe: recipe, place: place, key: "", reason: "a recipe is a mapping of keys, got \(words)")
    }
  }

  /// Reads the value of an override, which is YAML too; all of it comes from `place`.
  init(overrideValue text: String, recipe: String, place: RecipeError.Place) throws(RecipeError) {
    guard let node = try Self.compose(text, recipe: recipe, place: place) else {
      self = RecipeNode(content: .scalar("", quoted: false), place: place)
      return
    }
    var count = 0
    self = try Self.convert(node, recipe: recipe, place: place, count: &count)
  }

  private static func compose(
    _ text: String, recipe: String, place: RecipeError.Place?
  ) throws(RecipeError) -> Node? {
    guard countAliases(in: text) <= mostAliases else {
      throw RecipeError(
        recipe: recipe, place: place ?? .whole, key: "",
        reason: "the recipe has more than \(mostAliases) aliases (*name)")
    }
    do {
      // Texts mean something only where a key asks for it, so that Yams need not find out their types.
      return try Yams.compose(yaml: text, .basic)
    } catch let error as YamlError {
      let (line, reason) = explanation(of: error, in: text)
      throw RecipeError(
        recipe: recipe, place: place ?? line.map { .line($0) } ?? .whole, key: "", reason: reason)
    } catch {
      throw RecipeError(recipe: recipe, place: place ?? .whole, key: "", reason: "is not YAML: \(error)")
    }
  }

  /// The asterisks that could begin an alias, within comments and texts as well.
  private static func countAliases(in text: String) -> Int {
    func isName(_ byte: UInt8) -> Bool {
      byte == 0x2D || byte == 0x5F || (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
    }
    return zip(text.utf8, text.utf8.dropFirst()).count { $0 == 0x2A && isName($1) }
  }

  /// The line and the sentence of what the YAML parser found.
  private static func explanation(of error: YamlError, in text: String) -> (line: Int?, reason: String) {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let about = context.map { " (\($0.text))" } ?? ""
      return (mark.line, "is not YAML: \(problem)\(about)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let key = duplicates.sorted().first ?? ""
      return (line(ofRepeated: key, from: context.mark.line, in: text), "the key '\(key)' stands there twice")
    case .reader(let problem, _, _, _): return (nil, "is not YAML: \(problem)")
    default: return (nil, "is not YAML: \(error)")
    }
  }

  /// The line of the second `key:` from the line on where its mapping begins; that line where none is found.
  private static func line(ofRepeated key: String, from start: Int, in text: String) -> Int {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let found = lines.indices.dropFirst(start - 1).filter {
      lines[$0].drop { $0 == " " }.hasPrefix("\(key):")
    }
    return found.count > 1 ? found[1] + 1 : start
  }

  private static func convert(
    _ node: Node, recipe: String, place: RecipeError.Place?, count: inout Int
  ) throws(RecipeError) -> RecipeNode {
    let here = place ?? node.mark.map { .line($0.line) } ?? .whole
    count += 1
    guard count <= largestCount else {
      throw RecipeError(recipe: recipe, place: here, key: "", reason: "the recipe has more than \(largestCount) parts")
    }
    switch node {
    case .scalar(let scalar):
      let quoted = scalar.style == .singleQuoted || scalar.style == .doubleQuoted
      return RecipeNode(content: .scalar(scalar.string, quoted: quoted), place: here)
    case .sequence(let sequence):
      var items: [RecipeNode] = []
      for item in sequence { items.append(try convert(item, recipe: recipe, place: place, count: &count)) }
      return RecipeNode(content: .sequence(items), place: here)
    case .mapping(let mapping):
      var entries: [Entry] = []
      for (key, value) in mapping {
        let keyPlace = place ?? key.mark.map { .line($0.line) } ?? here
        guard case .scalar(let name) = key else {
          throw RecipeError(recipe: recipe, place: keyPlace, key: "", reason: "a key must be a plain word")
        }
        let value = try convert(value, recipe: recipe, place: place, count: &count)
        entries.append(Entry(key: name.string, place: keyPlace, value: value))
      }
      return RecipeNode(content: .mapping(entries), place: here)
    case .alias:
      throw RecipeError(recipe: recipe, place: here, key: "", reason: "an alias (*name) without its anchor (&name)")
    }
  }
}
