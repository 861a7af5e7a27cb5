/// A piece of HTML or SVG. It is made of elements and texts alone, so that nothing a run holds can become an element: names
/// of elements and attributes stand in this program, and all else is escaped.
///
/// What it writes is well-formed XML as well: every element is closed, every value quoted.
struct Markup: Sendable {
  private(set) var source = ""

  /// Nothing.
  init() {}

  /// A text.
  init(_ text: String) { source = Markup.escaped(text) }

  /// What this program itself says, such as its script; not escaped.
  init(trusted: StaticString) { source = "\(trusted)" }

  /// Adds another piece.
  static func += (markup: inout Markup, other: Markup) { markup.source += other.source }

  /// Elements that have no content and no closing tag.
  private static let empty: Set<String> = ["meta", "br", "hr", "path", "line", "rect", "circle", "use"]

  /// An element.
  /// - Parameter attributes: those without a value are left out.
  static func element(_ name: StaticString, _ attributes: KeyValuePairs<StaticString, String?>, _ content: Markup)
    -> Markup
  {
    var markup = Markup()
    markup.source = "<\(name)"
    for case (let key, let value?) in attributes { markup.source += " \(key)=\"\(escaped(value))\"" }
    if empty.contains("\(name)") {
      precondition(content.source.isEmpty, "<\(name)> has no content")
      markup.source += "/>"
    } else {
      markup.source += ">\(content.source)</\(name)>"
    }
    return markup
  }

  /// A text with the characters that mean something in HTML written as references. Control characters, and those that turn
  /// the direction of writing, become U+FFFD.
  static func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: isSpecial) else { return text }
    var result = ""
    result.reserveCapacity(text.utf8.count + 16)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{200E}", "\u{200F}", "\u{2028}"..."\u{202E}",
        "\u{2066}"..."\u{2069}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}":
        result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Whether a byte may need more than to be copied.
  private static func isSpecial(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte >= 0x7F || byte == 0x22 || byte == 0x26 || byte == 0x27 || byte == 0x3C || byte == 0x3E
  }
}

/// An element whose content is written as a list.
func element(
  _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String?> = [:],
  @MarkupBuilder _ content: () -> Markup = { Markup() }
) -> Markup {
  Markup.element(name, attributes, content())
}

/// Puts pieces one after another; a `String` is a text.
@resultBuilder enum MarkupBuilder {
  static func buildExpression(_ text: String) -> Markup { Markup(text) }
  static func buildExpression(_ markup: Markup) -> Markup { markup }
  static func buildExpression(_ markup: Markup?) -> Markup { markup ?? Markup() }
  static func buildExpression(_ markup: [Markup]) -> Markup { joined(markup) }
  static func buildBlock(_ parts: Markup...) -> Markup { joined(parts) }
  static func buildOptional(_ part: Markup?) -> Markup { part ?? Markup() }
  static func buildEither(first: Markup) -> Markup { first }
  static func buildEither(second: Markup) -> Markup { second }
  static func buildArray(_ parts: [Markup]) -> Markup { joined(parts) }

  private static func joined(_ parts: [Markup]) -> Markup {
    var all = Markup()
    for part in parts { all += part }
    return all
  }
}
