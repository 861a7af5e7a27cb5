/// Two strips of spectra over one another: of every frame as it is, and of some frames as they were told.
struct SpectrumPicture: Sendable {
  var figure: Figure
  /// The spectrum of each frame, low frequencies first, and what was told of it.
  var frames: [(actual: [Float], told: [Float]?)]

  /// More bins are averaged.
  private static let mostBins = 40

  /// The picture as HTML.
  var markup: Markup {
    let columns = frames.map { (Self.reduced($0.actual), $0.told.map(Self.reduced)) }
    let values = columns.flatMap { $0.0 + ($0.1 ?? []) }.filter(\.isFinite)
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    let (left, right, height) = (Axes.left, Axes.right, 92.0)
    let cell = (right - left) / Double(max(1, columns.count))
    var figure = figure
    figure.cursor = .marks
    return figure.markup(width: Axes.width, height: Axes.height) {
      for (strip, (top, name)) in [(22.0, "as it is"), (142.0, "told by the model")].enumerated() {
        element("text", ["class": "name", "x": NumberText.coordinate(left), "y": NumberText.coordinate(top - 7)]) {
          name
        }
        element(
          "rect",
          [
            "class": "frame", "x": NumberText.coordinate(left), "y": NumberText.coordinate(top),
            "width": NumberText.coordinate(right - left), "height": NumberText.coordinate(height),
          ])
        for (level, path) in paths(
          columns.map { strip == 0 ? $0.0 : $0.1 }, low: low, high: high, left: left, top: top, cell: cell,
          height: height
        ).enumerated() where !path.isEmpty {
          element("path", ["class": "l\(level + 1)", "d": path])
        }
      }
      for (index, column) in columns.enumerated() {
        let middle = left + (Double(index) + 0.5) * cell
        element(
          "g",
          [
            "data-t":
              "frame \(index): \(column.1 == nil ? "not hidden" : "hidden, told to within \(NumberText.short(error(index), digits: 3))")",
            "data-at": "\(NumberText.coordinate(middle)) \(column.1 == nil ? 114 : 234)",
          ])
      }
      element("g", ["class": "axes"]) {
        for index in stride(from: 0, to: columns.count, by: max(1, (columns.count + 7) / 8)) {
          element(
            "text",
            [
              "x": NumberText.coordinate(left + (Double(index) + 0.5) * cell), "y": "250", "text-anchor": "middle",
            ]
          ) { NumberText.count(index) }
        }
        element("text", ["class": "name", "x": NumberText.coordinate(right), "y": "267", "text-anchor": "end"]) {
          "frame"
        }
      }
    }
  }

  private func error(_ index: Int) -> Double {
    guard let told = frames[index].told, !told.isEmpty else { return .nan }
    let sum = zip(told, frames[index].actual).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    return (sum / Double(told.count)).squareRoot()
  }

  /// Means of neighbouring bins.
  private static func reduced(_ bins: [Float]) -> [Double] {
    let count = min(bins.count, mostBins)
    return (0..<count).map { k in
      let range = k * bins.count / count..<(k + 1) * bins.count / count
      return bins[range].reduce(0) { $0 + Double($1) } / Double(range.count)
    }
  }

  /// A path a level; bins of one level over one another are one rectangle.
  private func paths(
    _ columns: [[Double]?], low: Double, high: Double, left: Double, top: Double, cell: Double, height: Double
  ) -> [String] {
    var paths = [String](repeating: "", count: 9)
    for (index, column) in columns.enumerated() {
      guard let column else { continue }
      let levels = column.map { value in
        value.isFinite && high > low ? min(8, max(0, Int((value - low) / (high - low) * 9))) : 0
      }
      let side = height / Double(max(1, levels.count))
      var bin = 0
      while bin < levels.count {
        var end = bin + 1
        while end < levels.count, levels[end] == levels[bin] { end += 1 }
        let w = NumberText.coordinate(cell + 0.2)
        paths[levels[bin]] +=
          "M\(NumberText.coordinate(left + Double(index) * cell)) \(NumberText.coordinate(top + height - Double(end) * side))h\(w)v\(NumberText.coordinate(Double(end - bin) * side))h-\(w)z"
        bin = end
      }
    }
    return paths
  }
}
