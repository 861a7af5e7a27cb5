/// Points over steps, as a panel of ``WatchFrame`` draws them.
struct Curve: Sendable {
  /// What it shows: `loss`.
  let title: String
  /// A point a step.
  let training: [(step: Double, value: Double)]
  /// A point a validation; drawn as marks.
  let validation: [(step: Double, value: Double)]
  /// How its values are told.
  let text: @Sendable (Double) -> String

  /// Nothing is drawn of fewer than one point.
  var isEmpty: Bool { training.isEmpty && validation.isEmpty }

  init(
    _ title: String, _ metrics: RunMetrics, _ name: String, validation: Bool = false,
    text: @escaping @Sendable (Double) -> String
  ) {
    self.title = title
    self.text = text
    training = Curve.points(metrics.train, name)
    self.validation = validation ? Curve.points(metrics.validation, name) : []
  }

  init(
    title: String, training: [(step: Double, value: Double)], validation: [(step: Double, value: Double)] = [],
    text: @escaping @Sendable (Double) -> String
  ) {
    (self.title, self.training, self.validation, self.text) = (title, training, validation, text)
  }

  private static func points(_ table: MetricsTable, _ name: String) -> [(step: Double, value: Double)] {
    guard let values = table[name] else { return [] }
    return zip(table.steps, values).filter { $0.isFinite && $1.isFinite }.map { (step: $0, value: $1) }
  }

  /// The mean of the points that fall into each of `count` columns over the steps from `first` to `last`; nil where
  /// there is none.
  func means(columns count: Int, from first: Double, to last: Double) -> [Double?] {
    var sums = [(sum: Double, points: Int)](repeating: (0, 0), count: count)
    for point in training {
      let column = Curve.column(point.step, of: count, from: first, to: last)
      sums[column].sum += point.value
      sums[column].points += 1
    }
    return sums.map { $0.points == 0 ? nil : $0.sum / Double($0.points) }
  }

  /// The column of a step.
  static func column(_ step: Double, of count: Int, from first: Double, to last: Double) -> Int {
    guard last > first else { return count - 1 }
    return max(0, min(count - 1, Int((step - first) / (last - first) * Double(count - 1) + 0.5)))
  }
}
