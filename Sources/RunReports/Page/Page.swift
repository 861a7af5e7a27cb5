import ArrayFiles
import FoundationEssentials

/// One HTML file that needs nothing beside itself, and by its own policy can fetch nothing and run nothing but its script.
struct Page {
  /// One part of the page.
  struct Section {
    /// Unique on the page.
    var id: String
    var title: String
    var content: Markup
  }

  var title: String
  /// Sentences under the title.
  var lead: Markup
  var sections: [Section]
  var footer: Markup

  /// The file's text.
  var html: String {
    let (style, script) = (Markup(trusted: PageStyle.source), Markup(trusted: PageScript.source))
    let policy =
      "default-src 'none'; style-src '\(Page.hash(style))'; script-src '\(Page.hash(script))'; "
      + "base-uri 'none'; form-action 'none'"
    let page = element("html", ["lang": "en"]) {
      element("head") {
        element("meta", ["charset": "utf-8"])
        element("meta", ["http-equiv": "Content-Security-Policy", "content": policy])
        element("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
        element("meta", ["name": "color-scheme", "content": "light dark"])
        element("meta", ["name": "referrer", "content": "no-referrer"])
        element("title") { title }
        element("style") { style }
      }
      element("body") {
        element("a", ["class": "skip", "href": "#content"]) { "Skip to the content" }
        Look.symbols
        element("header") {
          element("h1") { title }
          lead
          element("nav", ["aria-label": "Parts of this page"]) {
            element("ul") {
              for section in sections { element("li") { element("a", ["href": "#\(section.id)"]) { section.title } } }
            }
          }
        }
        element("main", ["id": "content", "tabindex": "-1"]) {
          for section in sections {
            element("section", ["id": section.id, "aria-labelledby": "\(section.id)-heading"]) {
              element("h2", ["id": "\(section.id)-heading"]) { section.title }
              section.content
            }
          }
        }
        element("footer") { footer }
        element("script") { script }
      }
    }
    return "<!DOCTYPE html>\n\(page.source)\n"
  }

  /// A source of the content security policy: SHA-256 in base64.
  private static func hash(_ content: Markup) -> String {
    let digits = Array(Checksum.sha256(Array(content.source.utf8)))
    let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16)! }
    return "sha256-" + Data(bytes).base64EncodedString()
  }
}

extension Page {
  /// A sentence about something that is not there, or not as it should be.
  static func notice(_ text: String) -> Markup { element("p", ["class": "notice"]) { text } }

  /// A sentence about something that this page has nothing of.
  static func leftOut(_ reason: String) -> Markup { element("p", ["class": "lead"]) { "Left out: \(reason)." } }

  /// Figures side by side.
  static func figures(_ figures: [Markup?]) -> Markup {
    element("div", ["class": "figures"]) { figures.compactMap(\.self) }
  }
}
