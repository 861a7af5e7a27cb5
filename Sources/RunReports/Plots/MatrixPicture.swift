/// A square of counts as a picture: the darker a cell, the larger its share of its row.
struct MatrixPicture: Sendable {
  var figure: Figure
  /// The name of each row and column.
  var names: [String]
  /// `counts[row][column]`.
  var counts: [[Int]]
  var rowsName, columnsName: String

  /// The most cells that are drawn and told one by one.
  static let mostCells = 40_000
  private static let levels = 9
  /// Of more classes not all are named at the sides.
  private static let mostLabels = 24

  /// The picture as HTML. Where too many cells are not zero, neighbours are summed, and the note says so.
  var markup: Markup {
    let (counts, names, merged) = reduced()
    let size = names.count
    let width = ScatterPlot.size
    let hasLabels = size <= MatrixPicture.mostLabels
    let longest = hasLabels ? min(14, names.map(\.count).max() ?? 0) : 5
    let left = 30 + 7.2 * Double(longest)
    let side = width - left - 10
    let cell = side / Double(max(1, size))
    let (top, height) = (26.0, side + 26 + (isTurned(cell: cell) ? 24 + 6.5 * Double(longest) : 44))
    var figure = figure
    figure.cursor = .matrix
    if merged > 1 {
      figure.note = (figure.note.map { $0 + " " } ?? "") + "Each cell sums \(merged) by \(merged) classes."
    }
    figure.matrix = Figure.MatrixData(
      names: MatrixPicture.json(names), cells: cells(counts),
      frame: [left, top, cell, Double(size)].map { NumberText.data($0) }.joined(separator: " "))
    return figure.markup(width: width, height: height) {
      element(
        "rect",
        [
          "class": "frame", "x": NumberText.coordinate(left), "y": NumberText.coordinate(top),
          "width": NumberText.coordinate(side), "height": NumberText.coordinate(side),
        ])
      for (level, path) in paths(counts, left: left, top: top, cell: cell).enumerated() where !path.isEmpty {
        element("path", ["class": "l\(level + 1)", "d": path])
      }
      element("g", ["class": "axes"]) {
        element("text", ["class": "name", "x": "4", "y": "15"]) { rowsName + " ↓" }
        element("text", ["class": "name", "x": NumberText.coordinate(width - 10), "y": "15", "text-anchor": "end"]) {
          columnsName + " →"
        }
        labels(names, left: left, top: top, side: side, cell: cell)
      }
      if size <= 12 { numbers(counts, left: left, top: top, cell: cell) }
    }
  }

  /// Sums neighbouring classes until few enough cells are not zero.
  private func reduced() -> (counts: [[Int]], names: [String], merged: Int) {
    var merged = 1
    while true {
      let size = (names.count + merged - 1) / merged
      var sums = [[Int]](repeating: [Int](repeating: 0, count: size), count: size)
      for (row, line) in counts.enumerated() {
        for (column, count) in line.enumerated() where count > 0 { sums[row / merged][column / merged] += count }
      }
      if sums.reduce(0, { $0 + $1.count { $0 > 0 } }) <= MatrixPicture.mostCells {
        let grouped = (0..<size).map { group in
          let last = min(names.count, (group + 1) * merged) - 1
          return merged == 1 ? names[group] : "\(names[group * merged]) … \(names[last])"
        }
        return (sums, grouped, merged)
      }
      merged += 1
    }
  }

  /// A path of rectangles for each level of shade; cells of one level side by side are one rectangle.
  private func paths(_ counts: [[Int]], left: Double, top: Double, cell: Double) -> [String] {
    var paths = [String](repeating: "", count: MatrixPicture.levels)
    for (row, line) in counts.enumerated() {
      let total = max(1, line.reduce(0, +))
      let levels = line.map { MatrixPicture.level(Double($0) / Double(total)) }
      var column = 0
      while column < line.count {
        var end = column + 1
        while end < line.count, levels[end] == levels[column] { end += 1 }
        if levels[column] > 0 {
          // Cells of which there are hundreds a side are drawn a little larger, or nobody would see a lone one.
          let more = max(0, 2.2 - cell)
          let (x, y) = (left + Double(column) * cell - more / 2, top + Double(row) * cell - more / 2)
          let (w, h) = (NumberText.coordinate(Double(end - column) * cell + more), NumberText.coordinate(cell + more))
          paths[levels[column] - 1] += "M\(NumberText.coordinate(x)) \(NumberText.coordinate(y))h\(w)v\(h)h-\(w)z"
        }
        column = end
      }
    }
    return paths
  }

  /// 0 for nothing, 1 for little, 9 for all.
  static func level(_ share: Double) -> Int { share <= 0 ? 0 : min(levels, 1 + Int(share * Double(levels))) }

  /// Whether names are too long to stand below their columns.
  private func isTurned(cell: Double) -> Bool {
    names.count <= MatrixPicture.mostLabels && names.contains { Double(min(14, $0.count)) * 8 > cell }
  }

  private func labels(_ names: [String], left: Double, top: Double, side: Double, cell: Double) -> Markup {
    let every = names.count <= MatrixPicture.mostLabels ? 1 : (names.count + 9) / 10
    let isTurned = isTurned(cell: cell)
    var all = Markup()
    for index in stride(from: 0, to: names.count, by: every) {
      let middle = (Double(index) + 0.5) * cell
      let name = every == 1 ? MatrixPicture.shortened(names[index]) : String(index)
      all += element(
        "text",
        [
          "x": NumberText.coordinate(left - 6), "y": NumberText.coordinate(top + middle), "dy": ".35em",
          "text-anchor": "end",
        ]
      ) { name }
      let (x, y) = (NumberText.coordinate(left + middle), NumberText.coordinate(top + side + 8))
      all += element(
        "text",
        isTurned
          ? ["x": x, "y": y, "text-anchor": "end", "transform": "rotate(-60 \(x) \(y))", "dy": ".5em"]
          : ["x": x, "y": y, "dy": ".8em", "text-anchor": "middle"]
      ) { name }
    }
    return all
  }

  private func numbers(_ counts: [[Int]], left: Double, top: Double, cell: Double) -> Markup {
    var all = Markup()
    for (row, line) in counts.enumerated() {
      let total = max(1, line.reduce(0, +))
      for (column, count) in line.enumerated() where count > 0 {
        let isDark = MatrixPicture.level(Double(count) / Double(total)) >= 5
        all += element(
          "text",
          [
            "class": isDark ? "number inverse" : "number",
            "x": NumberText.coordinate(left + (Double(column) + 0.5) * cell),
            "y": NumberText.coordinate(top + (Double(row) + 0.5) * cell), "dy": ".35em", "text-anchor": "middle",
          ]
        ) { NumberText.count(count) }
      }
    }
    return all
  }

  private func cells(_ counts: [[Int]]) -> String {
    counts.enumerated().flatMap { row, line in
      line.enumerated().filter { $0.element > 0 }.map { "\(row) \($0.offset) \($0.element)" }
    }.joined(separator: ",")
  }

  static func shortened(_ name: String) -> String { name.count > 14 ? name.prefix(13) + "…" : name }

  /// A list of texts in JSON.
  static func json(_ texts: [String]) -> String {
    let quoted = texts.map { text in
      var result = "\""
      for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\u{0}"..."\u{1F}": result += " "
        default: result.unicodeScalars.append(scalar)
        }
      }
      return result + "\""
    }
    return "[\(quoted.joined(separator: ","))]"
  }
}
