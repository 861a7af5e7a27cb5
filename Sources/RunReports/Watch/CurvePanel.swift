import Glibc

/// Draws one curve as lines of text: title and last values, the picture with its scale at the left, the steps below.
struct CurvePanel {
  /// Colours of the training's curve and of validations, where the terminal has any.
  private static let (train, validation, plain) = ("\u{1B}[36m", "\u{1B}[33m", "\u{1B}[0m")
  private static let mark: Character = "●"

  let curve: Curve
  /// Size in characters; at least 24 by 5.
  let columns, rows: Int
  let hasColours: Bool

  /// `rows` lines of `columns` characters each, colours aside.
  var lines: [String] {
    let steps = (curve.training + curve.validation).map(\.step)
    guard let first = steps.min(), let last = steps.max() else { return [] }
    let labelWidth = 9
    var canvas = BrailleCanvas(columns: max(1, columns - labelWidth - 2), rows: max(1, rows - 2))
    let means = curve.means(columns: canvas.width, from: first, to: last)
    let scale = Scale(means.compactMap(\.self) + curve.validation.map(\.value), top: canvas.height - 1)
    var previous: (x: Int, y: Int)?
    for (x, mean) in means.enumerated() {
      guard let mean else { continue }
      let point = (x: x, y: scale.dot(mean))
      canvas.line(from: previous ?? point, to: point)
      previous = point
    }
    var marks = Set<Int>()
    for point in curve.validation {
      let row = canvas.rows - 1 - scale.dot(point.value) / 4
      marks.insert(row * canvas.columns + Curve.column(point.step, of: canvas.columns, from: first, to: last))
    }
    var lines = [titleLine]
    for row in 0..<canvas.rows {
      let label =
        row == 0 ? curve.text(scale.high) : row == canvas.rows - 1 ? curve.text(scale.low) : ""
      lines.append(padded(label, labelWidth) + " │" + picture(canvas, row, marks))
    }
    let (start, end) = ("\(Int(first))", "step \(Int(last))")
    let gap = max(1, canvas.columns - start.count - end.count)
    lines.append(String(repeating: " ", count: labelWidth + 2) + start + String(repeating: " ", count: gap) + end)
    return lines.map { $0 }
  }

  private func picture(_ canvas: BrailleCanvas, _ row: Int, _ marks: Set<Int>) -> String {
    var text = ""
    for (column, character) in canvas.characters(row: row).enumerated() {
      let isMark = marks.contains(row * canvas.columns + column)
      let shown = isMark ? CurvePanel.mark : character
      let colour = isMark ? CurvePanel.validation : CurvePanel.train
      text += hasColours && shown != " " ? "\(colour)\(shown)\(CurvePanel.plain)" : String(shown)
    }
    return text
  }

  /// `loss  0.1234  validation ● 0.2345`, cut and filled up to the panel's width.
  private var titleLine: String {
    var parts: [(text: String, colour: String)] = [("  " + curve.title, "\u{1B}[1m")]
    if let last = curve.training.last { parts.append(("  " + curve.text(last.value), CurvePanel.train)) }
    if let last = curve.validation.last {
      parts.append(("  validation \(CurvePanel.mark) " + curve.text(last.value), CurvePanel.validation))
    }
    var (line, left) = ("", columns)
    for part in parts {
      let text = String(part.text.prefix(left))
      left -= text.count
      line += hasColours ? "\(part.colour)\(text)\(CurvePanel.plain)" : text
    }
    return line + String(repeating: " ", count: left)
  }

  private func padded(_ text: String, _ width: Int) -> String {
    let text = text.prefix(width)
    return String(repeating: " ", count: width - text.count) + text
  }

  /// Values to dots: evenly, or by their logarithms where they are positive and spread over more than a factor of 50.
  private struct Scale {
    let low, high: Double
    private let top: Int
    private let isLogarithmic: Bool

    init(_ values: [Double], top: Int) {
      var (low, high) = (values.min() ?? 0, values.max() ?? 1)
      if low == high { (low, high) = (low - max(abs(low) * 0.1, 1e-9), high + max(abs(high) * 0.1, 1e-9)) }
      (self.low, self.high, self.top) = (low, high, top)
      isLogarithmic = low > 0 && high / low > 50
    }

    func dot(_ value: Double) -> Int {
      let share =
        isLogarithmic ? log(max(value, low) / low) / log(high / low) : (value - low) / (high - low)
      return Int((share * Double(top)).rounded())
    }
  }
}
