/// How many of several kinds fall into each of some bins, one kind upon another.
struct Histogram: Sendable {
  var figure: Figure
  /// The bins' edges, one more than there are bins.
  var edges: [Double]
  var isLogarithmic: Bool
  var xName: String
  var yName: String
  /// Each kind's name and counts.
  var kinds: [(name: String, counts: [Int])]

  /// Bins for some whole numbers: even ones, or even in the logarithm where the numbers spread wide.
  init(figure: Figure, xName: String, yName: String, kinds: [(name: String, values: [Int])], bins: Int = 30) {
    (self.figure, self.xName, self.yName) = (figure, xName, yName)
    let all = kinds.flatMap(\.values)
    let (least, most) = (all.min() ?? 0, all.max() ?? 1)
    isLogarithmic = least > 0 && most / least >= 30
    let count = max(1, min(bins, most - least + 1))
    if isLogarithmic {
      let scale = Scale(
        [Double(least), Double(most + 1)], kind: .logarithmic, from: 0, to: Double(count), isTight: true)
      edges = scale.edges(count)
    } else {
      let width = max(1, (most - least + count) / count)
      edges = (0...count).map { Double(least + $0 * width) }
    }
    let edges = edges
    self.kinds = kinds.map { kind in
      var counts = [Int](repeating: 0, count: edges.count - 1)
      for value in kind.values {
        let bin = (edges.firstIndex { $0 > Double(value) } ?? edges.count) - 1
        counts[min(max(bin, 0), counts.count - 1)] += 1
      }
      return (kind.name, counts)
    }
    while self.kinds.count > 0, edges.count > 2, self.kinds.allSatisfy({ $0.counts.last == 0 }) { dropLastBin() }
  }

  private mutating func dropLastBin() {
    edges.removeLast()
    for kind in kinds.indices { kinds[kind].counts.removeLast() }
  }

  /// The picture as HTML.
  var markup: Markup {
    let totals = edges.indices.dropLast().map { bin in kinds.reduce(0) { $0 + $1.counts[bin] } }
    let x = Scale(
      edges, kind: isLogarithmic ? .logarithmic : .linear, from: Axes.left + 4, to: Axes.right - 6, isTight: true)
    let y = Scale([0, Double(totals.max() ?? 1)], from: Axes.bottom, to: Axes.top, includesZero: true)
    var figure = figure
    figure.cursor = .bars
    figure.keys = kinds.enumerated().map { Figure.Key(name: $1.name, look: Look(number: $0), shape: .area) }
    figure.table = Table(
      caption: figure.title, columns: [xName] + kinds.map(\.name),
      rows: totals.indices.map { bin in [range(bin)] + kinds.map { NumberText.count($0.counts[bin]) } })
    return figure.markup(width: Axes.width, height: Axes.height) {
      Axes(
        x: x, y: y, xName: xName + (isLogarithmic ? " (logarithmic)" : ""), yName: yName,
        yText: { $0 == $0.rounded() ? NumberText.short($0) : "" }
      ).markup
      for bin in totals.indices { bar(bin, total: totals[bin], x, y) }
    }
  }

  private func bar(_ bin: Int, total: Int, _ x: Scale, _ y: Scale) -> Markup {
    let (from, to) = (x(edges[bin]), x(edges[bin + 1]))
    let parts = kinds.filter { $0.counts[bin] > 0 }.map { "\($0.name) \(NumberText.count($0.counts[bin]))" }
    return element(
      "g",
      [
        "data-t": "\(range(bin)) \(xName): \(NumberText.count(total)) \(yName)"
          + (kinds.count > 1 && total > 0 ? " (\(parts.joined(separator: ", ")))" : ""),
        "data-at": "\(NumberText.coordinate((from + to) / 2)) \(NumberText.coordinate(y(Double(total))))",
      ]
    ) {
      for (index, base) in bases(bin).enumerated() where kinds[index].counts[bin] > 0 {
        let (low, high) = (y(Double(base)), y(Double(base + kinds[index].counts[bin])))
        element(
          "rect",
          [
            "class": "area \(Look(number: index).colour)", "x": NumberText.coordinate(from + 0.5),
            "y": NumberText.coordinate(high), "width": NumberText.coordinate(max(0.8, to - from - 1)),
            "height": NumberText.coordinate(max(0.5, low - high)),
          ])
      }
    }
  }

  /// Where each kind's part of a bar begins.
  private func bases(_ bin: Int) -> [Int] {
    var (bases, sum): ([Int], Int) = ([], 0)
    for kind in kinds {
      bases.append(sum)
      sum += kind.counts[bin]
    }
    return bases
  }

  private func range(_ bin: Int) -> String {
    let (first, last) = (Int(edges[bin].rounded(.up)), Int(edges[bin + 1].rounded(.up)) - 1)
    return first >= last ? NumberText.count(first) : "\(NumberText.count(first)) to \(NumberText.count(last))"
  }
}
