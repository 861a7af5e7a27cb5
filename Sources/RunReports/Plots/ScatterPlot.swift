/// Points in a plane, coloured by class.
struct ScatterPlot: Sendable {
  /// A point.
  struct Point: Sendable {
    var x, y: Double
    /// The class's place among those drawn with a look of their own; nil: drawn grey.
    var look: Look?
    /// What the cursor tells.
    var text: String
  }

  var figure: Figure
  var points: [Point]
  var xName, yName: String

  static let size = 480.0
  private static let (left, right, top) = (16.0, 464.0, 28.0)

  /// The picture as HTML. Both axes have the same scale, so that distances are seen as they are.
  var markup: Markup {
    let (xs, ys) = (points.map(\.x), points.map(\.y))
    let centre = (middle(xs), middle(ys))
    let half = max(1e-12, max(extent(xs), extent(ys)) / 2 * 1.04)
    // Points along a line need no square.
    let flatness = min(1, max(0.4, extent(ys) / max(1e-12, extent(xs))))
    let (left, right, top) = (ScatterPlot.left, ScatterPlot.right, ScatterPlot.top)
    let bottom = top + (right - left) * flatness
    let x = Scale([centre.0 - half, centre.0 + half], from: left + 8, to: right - 8, isTight: true)
    let tall = half * (bottom - top - 16) / (right - left - 16)
    let y = Scale([centre.1 - tall, centre.1 + tall], from: bottom - 8, to: top + 8, isTight: true)
    var figure = figure
    figure.cursor = .marks
    return figure.markup(width: ScatterPlot.size, height: bottom + 36) {
      element("g", ["class": "axes"]) {
        element(
          "rect",
          [
            "class": "frame", "x": NumberText.coordinate(left), "y": NumberText.coordinate(top),
            "width": NumberText.coordinate(right - left), "height": NumberText.coordinate(bottom - top),
          ])
        element("text", ["class": "name", "x": NumberText.coordinate(left), "y": "16"]) { yName }
        element(
          "text",
          [
            "class": "name", "x": NumberText.coordinate(right), "y": NumberText.coordinate(bottom + 22),
            "text-anchor": "end",
          ]
        ) {
          xName
        }
      }
      for point in points {
        let (a, b) = (NumberText.coordinate(x(point.x)), NumberText.coordinate(y(point.y)))
        element(
          "use",
          [
            "href": point.look?.marker ?? "#m0", "class": "mark dot \(point.look?.colour ?? "cx")", "x": a, "y": b,
            "data-t": point.text, "data-at": "\(a) \(b)",
          ])
      }
    }
  }

  private func middle(_ values: [Double]) -> Double { ((values.min() ?? 0) + (values.max() ?? 0)) / 2 }
  private func extent(_ values: [Double]) -> Double { (values.max() ?? 0) - (values.min() ?? 0) }
}
