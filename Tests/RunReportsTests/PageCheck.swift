import Foundation
import FoundationXML

/// Looks for what a page must not hold.
enum PageCheck {
  /// What is wrong with a page or a part of one: it is no well-formed XML, refers to something outside, or may run something.
  static func problems(_ html: String) throws -> [String] {
    var problems: [String] = []
    var rest = html
    // Style and script are the program's own, and no XML.
    for name in ["style", "script"] {
      let parts = rest.components(separatedBy: "<\(name)>")
      if parts.count > 2 { problems.append("\(parts.count - 1) elements <\(name)>") }
      if parts.count == 2, let end = parts[1].range(of: "</\(name)>") { rest = parts[0] + parts[1][end.upperBound...] }
    }
    let reader = Reader()
    let parser = XMLParser(data: Data(rest.utf8))
    parser.delegate = reader
    parser.shouldResolveExternalEntities = false
    if !parser.parse() {
      problems.append(
        "line \(parser.lineNumber), column \(parser.columnNumber): \(String(describing: parser.parserError))")
    }
    return problems + reader.problems
  }

  private final class Reader: NSObject, XMLParserDelegate {
    var problems: [String] = []
    private var ids: Set<String> = []
    private var references: Set<String> = []

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      if ["script", "iframe", "object", "embed", "img", "link", "base", "form", "foreignObject"].contains(name) {
        problems.append("an element <\(name)>")
      }
      for (key, value) in attributes {
        if key.hasPrefix("on") || key == "style" || key == "src" { problems.append("\(name) \(key)=\(value)") }
        if key == "href" {
          if value.hasPrefix("#") {
            references.insert(String(value.dropFirst()))
          } else {
            problems.append("href=\(value)")
          }
        }
        if key == "id", !ids.insert(value).inserted { problems.append("two of id \(value)") }
        if key.hasPrefix("aria-labelledby") || key == "aria-describedby" {
          for id in value.split(separator: " ") { references.insert(String(id)) }
        }
      }
    }

    func parserDidEndDocument(_ parser: XMLParser) {
      // A part of a page refers to markers that stand elsewhere on it.
      for reference in references.subtracting(ids).sorted() where !reference.hasPrefix("m") {
        problems.append("no element has the id \(reference)")
      }
    }
  }
}
