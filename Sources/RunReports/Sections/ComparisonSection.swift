import SequenceData
import Training

/// Several runs side by side, and how their accuracy depends on how many labels they were given.
struct ComparisonSection {
  let runs: [RunStory]
  /// What each run's model makes of the data set; nil where none was given, an error's sentence where it cannot be.
  let examinations: [Result<ModelExamination, PageError>?]

  private func told(_ index: Int) -> ModelExamination.Classification? {
    guard case .success(let examination)? = examinations[index], case .shown(let told) = examination.classification
    else {
      return nil
    }
    return told
  }

  /// The table of results.
  var section: Page.Section {
    let splits = Set(runs.indices.compactMap { told($0)?.split.name })
    let accuracy = splits.count == 1 ? "\(splits.first!) accuracy" : "accuracy"
    let table = Table(
      caption: "A run a row",
      columns: [
        "run", "command", "objective", "encoder", "labels", "state", "step", "validation loss", "validation accuracy",
        accuracy,
      ],
      rows: runs.indices.map(row), wordColumns: [1, 2, 3, 5])
    return Page.Section(
      id: "results", title: "Results",
      content: element("div") {
        for (index, run) in runs.enumerated() {
          for problem in run.problems { Page.notice("\(run.name): \(problem)") }
          if run.goesOn { Page.notice("\(run.name) is still going: shown as of step \(NumberText.count(run.step)).") }
          if case .failure(let error)? = examinations[index] { Page.notice("\(run.name): \(error.sentence)") }
        }
        table.markup
        if examinations.allSatisfy({ $0 == nil }) {
          element("p", ["class": "note"]) { "Give --data DIR to have models evaluated on its test split." }
        }
      })
  }

  private func row(_ index: Int) -> [String] {
    let run = runs[index]
    let best = run.best
    var told = self.told(index).map { NumberText.percent($0.report.accuracy) } ?? "–"
    if case .success(let examination)? = examinations[index], case .leftOut = examination.classification {
      told = "no head"
    }
    return [
      run.name, run.command ?? "–", run.objective ?? "–", run.encoder ?? "–",
      run.labels.map { "\(NumberText.count($0.used)) of \(NumberText.count($0.of))" } ?? "–", run.state,
      NumberText.count(run.step),
      best.flatMap { $0.loss }.map { "\(NumberText.short($0)) at \(NumberText.count(best!.step))" } ?? "–",
      best.flatMap { $0.accuracy }.map { NumberText.percent($0) } ?? "–", told,
    ]
  }

  /// Accuracy against the share of labels, a curve for each way of training; nil where fewer than two runs tell both.
  var labels: Page.Section? {
    var groups: [(name: String, points: [(x: Double, y: Double)])] = []
    var isTold = true
    for (index, run) in runs.enumerated() {
      guard let labels = run.labels, labels.used > 0 else { continue }
      if told(index) == nil { isTold = false }
      guard let accuracy = told(index)?.report.accuracy ?? run.best?.accuracy else { continue }
      let name = groupName(of: run)
      let place =
        groups.firstIndex { $0.name == name }
        ?? {
          groups.append((name, []))
          return groups.count - 1
        }()
      groups[place].points.append((labels.fraction, accuracy))
    }
    guard groups.reduce(0, { $0 + $1.points.count }) >= 2 else { return nil }
    let series = groups.enumerated().flatMap { number, group -> [LineChart.Series] in
      let points = group.points.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
      let look = Look(number: number)
      let fractions = Set(points.map(\.x)).sorted()
      let means = fractions.map { x in
        let same = points.filter { $0.x == x }
        return same.reduce(0) { $0 + $1.y } / Double(same.count)
      }
      var all = [LineChart.Series(name: group.name, x: fractions, y: means, look: look)]
      if points.count > fractions.count {
        all.append(.init(name: "", x: points.map(\.x), y: points.map(\.y), look: look, style: .points))
      }
      return all
    }
    let source = isTold ? "of the data set given" : "of the best validation, where the data set given tells none"
    let shares = series.flatMap(\.x)
    let isWide = (shares.max() ?? 1) / (shares.min() ?? 1) >= 8
    var chart = LineChart(
      figure: Figure(
        id: "label-fraction", title: "Accuracy against the share of labels",
        description: "Accuracy \(source) of each run over the share of labels that it was trained with.",
        note: "Accuracy \(source). Where several runs have one share, the line goes through their mean."),
      series: series, xName: "share of the labels, %", quantity: .share("accuracy"), kind: .linear)
    chart.xKind = isWide ? .logarithmic : .linear
    for index in chart.series.indices { chart.series[index].x = chart.series[index].x.map { 100 * $0 } }
    let table = Table(
      caption: "Mean accuracy, %", columns: ["training", "labels, %", "accuracy, %"],
      rows: series.filter { !$0.name.isEmpty }.flatMap { one in
        zip(one.x, one.y).map { [one.name, NumberText.short(100 * $0), NumberText.short(100 * $1)] }
      })
    return Page.Section(
      id: "labels", title: "How many labels",
      content: element("div", ["class": "side"]) {
        chart.markup; table.markup
      })
  }

  /// How a run came to its weights.
  private func groupName(of run: RunStory) -> String {
    let command = run.command ?? "training"
    guard let encoder = run.identity?.encoder else { return command == "train" ? "from scratch" : command }
    let others = Set(runs.compactMap(\.identity?.encoder))
    return others.count > 1 ? "\(command), encoder \(encoder.prefix(8))" : command
  }
}

/// An error that a page tells.
struct PageError: Error {
  let sentence: String
}
