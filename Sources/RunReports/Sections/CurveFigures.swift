/// Curves over a run's steps, or of several runs over one another.
struct CurveFigures {
  let runs: [RunStory]

  private var isSingle: Bool { runs.count == 1 }
  /// Stretches of which the extremes, and the means, are drawn of each run.
  private var counts: (extremes: Int, means: Int) {
    isSingle ? (600, 120) : (max(60, 900 / runs.count), max(40, 480 / runs.count))
  }
  private var extremes: Int { counts.extremes }
  private var means: Int { counts.means }
  /// More runs than this are drawn by their means alone.
  private static let mostFaint = 6

  /// A column of the steps' rows.
  /// - Parameters:
  ///   - name: the curve's name where there is one run.
  ///   - values: the curve of a run, nil where it has none.
  func figure(
    id: String, title: String, _ description: String, quantity: Quantity, includesZero: Bool = false,
    kind: Scale.Kind? = nil, curves: [(name: String, values: (RunStory) -> [Double]?)], validation: String? = nil,
    notches: (RunStory) -> [Double] = { _ in [] }
  ) -> Markup? {
    var series: [LineChart.Series] = []
    var thinned = 0
    for (index, run) in runs.enumerated() {
      let steps = run.metrics.train.steps
      for (place, curve) in curves.enumerated() {
        guard let values = curve.values(run), values.contains(where: \.isFinite) else { continue }
        let look = Look(number: isSingle ? place : index)
        let name = isSingle ? curve.name : run.name
        if values.count <= 3 * means {
          series.append(.init(name: name, x: steps, y: values, look: look))
          continue
        }
        thinned = max(thinned, values.count)
        let every = values.count / means
        if runs.count <= CurveFigures.mostFaint && curves.count == 1 {
          let all = Decimation.extremes(steps, values, buckets: extremes)
          series.append(.init(name: isSingle ? name : "", x: all.x, y: all.y, look: look, style: .faint))
        }
        let mean = Decimation.means(steps, values, buckets: means)
        let meanName = isSingle && curves.count == 1 ? "mean of \(NumberText.count(every)) steps" : name
        series.append(.init(name: meanName, x: mean.x, y: mean.y, look: look))
      }
    }
    if let validation {
      for (index, run) in runs.enumerated() {
        guard let values = run.metrics.validation[validation], values.contains(where: \.isFinite) else { continue }
        let curve = Decimation.extremes(run.metrics.validation.steps, values, buckets: means)
        series.append(
          .init(
            name: isSingle ? "validation" : curves.isEmpty ? run.name : "", x: curve.x, y: curve.y,
            look: Look(number: isSingle ? curves.count : index)))
      }
    }
    guard !series.isEmpty else { return nil }
    var chart = LineChart(
      figure: Figure(id: id, title: title, description: description), series: series, quantity: quantity)
    (chart.kind, chart.includesZero, chart.hidesLoneName) = (kind, includesZero, isSingle)
    if isSingle { chart.notches = Decimation.spread(notches(runs[0]), most: 200) }
    chart.figure.description += " " + summary(of: series)
    chart.figure.table = table(title, series, quantity)
    if thinned > 0 {
      chart.figure.note = note(thinned, hasFaint: series.contains { $0.style == .faint })
    }
    return chart.markup
  }

  /// What of many steps is drawn.
  private func note(_ steps: Int, hasFaint: Bool) -> String {
    let mean = "the mean of every \(NumberText.count(max(1, steps / means)))"
    guard hasFaint else { return "\(NumberText.count(steps)) steps: drawn is \(mean)." }
    return steps > 2 * extremes
      ? "\(NumberText.count(steps)) steps: pale, the least and the largest value of every \(NumberText.count(steps / extremes)); dark, \(mean)."
      : "\(NumberText.count(steps)) steps: pale, each; dark, \(mean)."
  }

  /// A sentence for those who do not see the picture.
  private func summary(of series: [LineChart.Series]) -> String {
    series.filter { $0.style == .line && !$0.name.isEmpty }.prefix(8).compactMap { one in
      let finite = zip(one.x, one.y).filter { $0.1.isFinite }
      guard let first = finite.first, let last = finite.last else { return nil }
      return
        "\(one.name): from \(NumberText.short(first.1)) at step \(NumberText.short(first.0)) to \(NumberText.short(last.1)) at step \(NumberText.short(last.0))."
    }.joined(separator: " ")
  }

  /// A dozen steps of each curve.
  private func table(_ title: String, _ series: [LineChart.Series], _ quantity: Quantity) -> Table? {
    let shown = Array(series.filter { $0.style == .line && !$0.name.isEmpty }.prefix(8))
    guard let longest = shown.max(by: { $0.x.count < $1.x.count }), !longest.x.isEmpty else { return nil }
    let largest = shown.flatMap(\.y).filter(\.isFinite).map(abs).max() ?? 0
    let (factor, unit) = quantity.unit(forLargest: largest)
    let steps = Decimation.spread(longest.x, most: 12)
    return Table(
      caption: "\(title): \(unit)", columns: ["step"] + shown.map(\.name),
      rows: steps.map { step in
        [NumberText.short(step, digits: 9)]
          + shown.map { one in
            guard let near = one.x.indices.min(by: { abs(one.x[$0] - step) < abs(one.x[$1] - step) }),
              abs(one.x[near] - step) <= max(1, (longest.x.last! - longest.x[0]) / 24), one.y[near].isFinite
            else { return "–" }
            return NumberText.short(one.y[near] * factor)
          }
      })
  }
}

extension Decimation {
  /// At most `most` of some values, evenly spread, the first and the last among them.
  static func spread(_ values: [Double], most: Int) -> [Double] {
    guard values.count > most, most > 1 else { return values }
    return (0..<most).map { values[$0 * (values.count - 1) / (most - 1)] }
  }
}
