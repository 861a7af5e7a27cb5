/// The rectangle in which values are drawn, with grid lines, ticks and the names of both axes.
struct Axes: Sendable {
  static let width = 480.0
  static let height = 270.0
  /// The rectangle's sides.
  static let (left, right, top, bottom) = (58.0, 468.0, 26.0, 226.0)

  var x, y: Scale
  var xName, yName: String
  /// What a tick says.
  var xText: @Sendable (Double) -> String = { NumberText.short($0) }
  var yText: @Sendable (Double) -> String = { NumberText.short($0) }
  var xTicks: [Double]?

  var markup: Markup {
    element("g", ["class": "axes"]) {
      for tick in y.ticks() {
        let place = NumberText.coordinate(y(tick))
        element(
          "path",
          ["class": "grid", "d": "M\(NumberText.coordinate(Axes.left)) \(place)H\(NumberText.coordinate(Axes.right))"])
        element(
          "text", ["x": NumberText.coordinate(Axes.left - 7), "y": place, "dy": ".35em", "text-anchor": "end"]
        ) { yText(tick) }
      }
      for tick in xTicks ?? x.ticks() {
        let place = NumberText.coordinate(x(tick))
        element("path", ["class": "tick", "d": "M\(place) \(NumberText.coordinate(Axes.bottom))v5"])
        element(
          "text", ["x": place, "y": NumberText.coordinate(Axes.bottom + 8), "dy": ".8em", "text-anchor": "middle"]
        ) { xText(tick) }
      }
      element(
        "path",
        [
          "class": "axis",
          "d":
            "M\(NumberText.coordinate(Axes.left)) \(NumberText.coordinate(Axes.bottom))H\(NumberText.coordinate(Axes.right))",
        ])
      element("text", ["class": "name", "x": "4", "y": "13"]) { yName }
      element(
        "text", ["class": "name", "x": NumberText.coordinate(Axes.right), "y": "264", "text-anchor": "end"]
      ) { xName }
    }
  }
}
