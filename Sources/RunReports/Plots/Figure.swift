/// The frame that all pictures share: a title, a legend, the picture with its description for those who do not see it, the
/// line in which the script tells the value at the cursor, and the values as a table.
struct Figure: Sendable {
  /// What the cursor moves over.
  enum Cursor: String, Sendable {
    /// The points of curves, by their horizontal place.
    case line
    /// Single marks.
    case marks
    /// Bars side by side.
    case bars
    /// The cells of a matrix.
    case matrix
  }

  /// One entry of the legend.
  struct Key: Sendable {
    enum Shape: Sendable { case line, faint, marker, area }
    var name: String
    /// nil: grey, of nothing in particular.
    var look: Look?
    var shape = Shape.line
  }

  /// Unique on the page.
  var id: String
  var title: String
  /// What is to be seen, in a sentence or two.
  var description: String
  var cursor = Cursor.line
  var keys: [Key] = []
  /// What a reader has to know beside: under the picture, while no cursor has a value to tell there.
  var note: String?
  var table: Table?
  /// Whether it takes the page's whole width.
  var isWide = false
  /// What the horizontal axis of curves counts.
  var xName = "step"
  /// What the script has to know of a matrix.
  var matrix: MatrixData?

  /// A matrix's names, its cells that are not zero, and where they lie.
  struct MatrixData: Sendable {
    var names: String
    var cells: String
    var frame: String
  }

  /// The figure around a picture of `width` by `height` units.
  func markup(width: Double, height: Double, @MarkupBuilder _ picture: () -> Markup) -> Markup {
    element("figure", ["class": isWide ? "wide" : nil, "id": id]) {
      element("figcaption") { title }
      if !keys.isEmpty {
        element("ul", ["class": "legend"]) {
          for key in keys {
            element("li") {
              sample(of: key); key.name
            }
          }
        }
      }
      element(
        "div",
        [
          "class": "plot", "tabindex": "0", "role": "application", "aria-roledescription": "plot",
          "aria-label": "\(title). Arrow keys move the cursor.", "aria-describedby": "\(id)-text",
          "data-plot": cursor.rawValue, "data-x-name": cursor == .line ? xName : nil, "data-names": matrix?.names,
          "data-cells": matrix?.cells,
          "data-frame": matrix?.frame,
        ]
      ) {
        element(
          "svg",
          [
            "viewBox": "0 0 \(NumberText.coordinate(width)) \(NumberText.coordinate(height))", "role": "img",
            "aria-labelledby": "\(id)-title \(id)-text", "focusable": "false",
          ]
        ) {
          element("title", ["id": "\(id)-title"]) { title }
          element("desc", ["id": "\(id)-text"]) { description }
          picture()
        }
      }
      element("p", ["class": keys.count > 2 ? "readout tall" : "readout", "role": "status", "aria-live": "polite"]) {
        note ?? ""
      }
      if let table { table.folded("Values") }
    }
  }

  private func sample(of key: Key) -> Markup {
    element(
      "svg",
      ["class": "key \(key.look?.colour ?? "cx")", "viewBox": "0 0 30 12", "aria-hidden": "true", "focusable": "false"]
    ) {
      switch key.shape {
      case .line:
        element("path", ["class": "line", "d": "M1 6H29", "stroke-dasharray": key.look?.dash])
        element("use", ["href": key.look?.marker ?? "#m0", "x": "15", "y": "6", "class": "mark"])
      case .faint: element("path", ["class": "faint", "d": "M1 6L6 2L11 10L16 3L21 9L29 5"])
      case .marker: element("use", ["href": key.look?.marker ?? "#m0", "x": "15", "y": "6", "class": "mark"])
      case .area:
        element(
          "rect", ["class": "area \(key.look?.colour ?? "cx")", "x": "3", "y": "1", "width": "24", "height": "10"])
      }
    }
  }
}
