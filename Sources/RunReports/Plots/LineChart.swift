/// Curves over one another: values over steps, or over timesteps.
struct LineChart: Sendable {
  /// How a curve is drawn.
  enum Style: Sendable {
    /// Thin and pale: the values behind a mean.
    case faint
    /// A line, with markers where there are few points or several curves.
    case line
    /// A line without markers: close values that mean something one by one.
    case thin
    /// Markers alone.
    case points
  }

  /// One curve; values that are not finite are gaps.
  struct Series: Sendable {
    var name: String
    var x, y: [Double]
    var look: Look
    var style = Style.line
  }

  var figure: Figure
  var series: [Series]
  var xName = "step"
  var quantity: Quantity
  /// How values are spread; nil: as fits them.
  var kind: Scale.Kind?
  var xKind = Scale.Kind.linear
  var includesZero = false
  /// Whether a curve that is alone goes without a legend: the title names it.
  var hidesLoneName = false
  /// Stretches that are shaded.
  var bands: [ClosedRange<Double>] = []
  /// Places marked at the upper edge, such as those of skipped steps.
  var notches: [Double] = []

  /// The picture as HTML.
  var markup: Markup {
    let values = series.flatMap(\.y)
    let (factor, yName) = quantity.unit(forLargest: values.lazy.filter(\.isFinite).map(abs).max() ?? 0)
    let spread = kind ?? Scale.Kind.fitting(values)
    let x = Scale(
      series.flatMap(\.x) + bands.flatMap { [$0.lowerBound, $0.upperBound] } + notches, kind: xKind,
      from: Axes.left + 4,
      to: Axes.right - 6, isTight: true)
    let y = Scale(
      values.lazy.map { $0 * factor }, kind: spread, from: Axes.bottom, to: Axes.top, includesZero: includesZero)
    var figure = figure
    figure.xName = xName
    figure.keys = series.filter { !$0.name.isEmpty }.map {
      Figure.Key(
        name: $0.name, look: $0.look, shape: $0.style == .faint ? .faint : $0.style == .points ? .marker : .line)
    }
    if hidesLoneName && figure.keys.count == 1 { figure.keys = [] }
    if spread == .logarithmic { figure.description += " The vertical axis is logarithmic." }
    return figure.markup(width: Axes.width, height: Axes.height) {
      for band in bands {
        let (from, to) = (x(band.lowerBound), x(band.upperBound))
        element(
          "rect",
          [
            "class": "band", "x": NumberText.coordinate(from), "y": NumberText.coordinate(Axes.top),
            "width": NumberText.coordinate(max(1, to - from)),
            "height": NumberText.coordinate(Axes.bottom - Axes.top),
          ])
      }
      Axes(
        x: x, y: y, xName: xName, yName: yName + (spread == .logarithmic ? " (logarithmic)" : ""),
        xText: { x.high >= 20_000 && $0 != 0 ? NumberText.short($0 / 1000) + " k" : NumberText.short($0) },
        xTicks: xKind == .linear ? x.ticks().filter { $0 == $0.rounded() || x.high - x.low < 5 } : nil
      ).markup
      for notch in notches {
        element(
          "path", ["class": "notch", "d": "M\(NumberText.coordinate(x(notch))) \(NumberText.coordinate(Axes.top))v8"])
      }
      for one in series { curve(one, x, y, factor) }
    }
  }

  private func curve(_ series: Series, _ x: Scale, _ y: Scale, _ factor: Double) -> Markup {
    var path = ""
    var (xs, ys): ([String], [String]) = ([], [])
    var points: [(String, String)] = []
    var isGap = true
    for (a, value) in zip(series.x, series.y) {
      let b = value * factor
      guard a.isFinite, b.isFinite, y.kind == .linear || b > 0 else {
        isGap = true
        continue
      }
      let point = (NumberText.coordinate(x(a)), NumberText.coordinate(y(b)))
      path += "\(isGap ? "M" : "L")\(point.0) \(point.1)"
      isGap = false
      points.append(point)
      xs.append(NumberText.data(a))
      ys.append(NumberText.data(b))
    }
    guard !points.isEmpty else { return Markup() }
    let every =
      series.style == .faint || series.style == .thin
      ? Int.max : series.style == .points || points.count <= 40 ? 1 : points.count / 6
    // A marker stands in the middle of its stretch, and not where that of the next curve does.
    let first = every == 1 || every == .max ? 0 : every / 2 + series.look.number % 5 * every / 5
    return element("g", ["class": series.look.colour]) {
      element(
        "path",
        [
          "class": series.style == .faint ? "faint" : series.style == .points ? "none" : "line", "d": path,
          "stroke-dasharray": series.style == .line || series.style == .thin ? series.look.dash : nil,
          "data-name": series.name,
          "data-x": xs.joined(separator: " "), "data-y": ys.joined(separator: " "),
        ])
      if every < .max {
        for index in stride(from: first, to: points.count, by: every) {
          element("use", ["href": series.look.marker, "x": points[index].0, "y": points[index].1, "class": "mark"])
        }
      }
    }
  }
}
