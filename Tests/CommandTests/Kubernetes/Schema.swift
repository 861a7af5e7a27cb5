import Yams

/// What a value of a YAML file has to be: as much of OpenAPI as Kubernetes' definitions need, and no field that is not named.
indirect enum Schema: Sendable {
  case text
  case word(Set<String>)
  /// A name of DNS: small letters, digits and `-`, from a letter on; with `-worker-0` at most 63 (RFC 1035).
  case label
  case integer(ClosedRange<Int>)
  case truth
  /// An amount such as `4`, `500m` or `8Gi`, written as a number or as text.
  case quantity
  case list(of: Schema)
  case object([String: Schema], required: Set<String> = [])

  /// What is wrong with a value, a sentence each, with the line where it stands.
  func problems(of node: Node, at path: String = "") -> [String] {
    func wrong(_ expected: String) -> [String] {
      ["line \(node.mark?.line ?? 0): \(path) is \(node.scalar?.string ?? "a part of its own"), expected \(expected)"]
    }
    // A quoted number is text.
    let kind: Tag.Name? =
      node.scalar.map {
        [.singleQuoted, .doubleQuoted].contains($0.style) ? .str : Resolver.default.resolveTag(of: node)
      }
    switch self {
    case .text:
      return kind == .str ? [] : wrong("a text")
    case .word(let words):
      return kind == .str && words.contains(node.scalar!.string) ? [] : wrong("one of \(words.sorted())")
    case .label:
      let isLabel = node.scalar?.string.wholeMatch(of: /[a-z]([a-z0-9-]{0,50}[a-z0-9])?/) != nil
      return kind == .str && isLabel ? [] : wrong("a name of DNS")
    case .integer(let range):
      return kind == .int && node.int.map(range.contains) == true ? [] : wrong("a number of \(range)")
    case .truth:
      return kind == .bool ? [] : wrong("true or false")
    case .quantity:
      let isAmount = node.scalar?.string.wholeMatch(of: /[0-9]+(\.[0-9]+)?([KMGTPE]i|[mkMGTPE])?/) != nil
      return isAmount ? [] : wrong("an amount")
    case .list(let element):
      guard let sequence = node.sequence else { return wrong("a list") }
      return sequence.enumerated().flatMap { element.problems(of: $0.element, at: "\(path)[\($0.offset)]") }
    case .object(let fields, let required):
      guard let mapping = node.mapping else { return wrong("fields") }
      let names = mapping.keys.compactMap(\.string)
      let absent = required.subtracting(names).sorted().flatMap { wrong("with the field \($0)") }
      let inside = mapping.flatMap { key, value -> [String] in
        let name = key.string ?? "?"
        guard let field = fields[name] else {
          return ["line \(key.mark?.line ?? 0): \(path).\(name) is no field that is known"]
        }
        return field.problems(of: value, at: path.isEmpty ? name : "\(path).\(name)")
      }
      return absent + inside
    }
  }
}

extension Node {
  /// What stands at a path of fields and indices; nil where there is nothing.
  subscript(path path: [any NodeRepresentable]) -> Node? {
    var node: Node? = self
    for step in path { node = node?[step] }
    return node
  }
}
