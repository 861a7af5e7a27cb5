/// How one of several things in a picture looks: by colour, dashes and marker at once, so that no reader needs the colours.
///
/// The colours are those of Okabe and Ito (2008, "Color universal design"); the stylesheet has them for light and dark.
struct Look: Sendable {
  /// The thing's number among those of the picture.
  let number: Int

  private static let colours = 8
  private static let dashes: [String?] = [nil, "7 3", "2 3", "9 3 2 3", "12 3", "5 2 1 2 1 2"]
  /// Names of the symbols that ``symbols`` defines.
  private static let markers = ["m0", "m1", "m2", "m3", "m4", "m5", "m6"]

  /// The stylesheet's class of the colour.
  var colour: String { "c\(number % Look.colours)" }
  /// Dashes of a line, nil for none.
  var dash: String? { Look.dashes[(number + number / Look.colours) % Look.dashes.count] }
  /// The marker's reference.
  var marker: String { "#" + Look.markers[(number + number / Look.colours) % Look.markers.count] }
  /// The things that differ in colour or marker.
  static let distinct = 56

  /// Definitions of the markers, once a page: about 8 units wide, around the origin.
  static var symbols: Markup {
    let shapes = [
      "M-3.4 0a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0-6.8 0z", "M-3-3h6v6h-6z", "M0-3.9L3.8 2.9H-3.8z",
      "M0-4.3L4.3 0L0 4.3L-4.3 0z",
      "M0 3.9L3.8-2.9H-3.8z", "M-4-1.3h2.7v-2.7h2.6v2.7h2.7v2.6h-2.7v2.7h-2.6v-2.7h-2.7z",
      "M0-4.4L1.2-1.4L4.3-1.3L1.9.7L2.7 3.7L0 2L-2.7 3.7L-1.9.7L-4.3-1.3L-1.2-1.4z",
    ]
    return element("svg", ["class": "symbols", "aria-hidden": "true", "focusable": "false"]) {
      element("defs") {
        for (shape, name) in zip(shapes, markers) { element("path", ["id": name, "d": shape]) }
        for (name, path) in [("h1", "M0 6L6 0M-1 1L1-1M5 7L7 5"), ("h2", "M3 0V6M0 3H6")] {
          element(
            "pattern", ["id": name, "width": "6", "height": "6", "patternUnits": "userSpaceOnUse", "class": name]
          ) {
            element("rect", ["width": "6", "height": "6"])
            element("path", ["d": path])
          }
        }
      }
    }
  }
}
