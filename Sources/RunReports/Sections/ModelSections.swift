import SequenceData
import Training

/// The sections about what a run's model makes of a data set.
struct ModelSections {
  let run: RunStory
  let dataset: SequenceDataset
  let examination: ModelExamination

  /// The confusion matrix, and how well each class is told.
  var classes: Page.Section {
    let content: Markup
    switch examination.classification {
    case .leftOut(let reason): content = Page.leftOut(reason)
    case .shown(let told): content = Self.classes(told, choice: examination.choice)
    }
    return Page.Section(id: "classes", title: "Classes", content: content)
  }

  private static func classes(_ told: ModelExamination.Classification, choice: String) -> Markup {
    let (report, split) = (told.report, told.split.name)
    let names = report.perClass.map(\.class)
    let matrix = MatrixPicture(
      figure: Figure(
        id: "confusion", title: "Confusion matrix",
        description:
          "How often each class, a row, is told as each class, a column, on the \(split) split. The darker a cell, the larger its share of the row. \(Self.confusions(report))",
        note: "Shaded by the share of the row."),
      names: names, counts: report.confusion, rowsName: "true class", columnsName: "told as")
    return element("p") {
      "On the \(NumberText.counted(report.sequences, "labelled sequence")) of the \(split) split (\(choice)): accuracy \(NumberText.percent(report.accuracy)), macro-F1 \(NumberText.short(report.macroF1)), loss \(NumberText.short(report.loss))."
    }
    .followed(
      by: element("div", ["class": "side"]) {
        matrix.markup; element("div") { table(report) }
      })
  }

  /// The pairs that are confused most.
  private static func confusions(_ report: ClassificationReport) -> String {
    var pairs: [(count: Int, text: String)] = []
    for (row, line) in report.confusion.enumerated() {
      for (column, count) in line.enumerated() where count > 0 && row != column {
        pairs.append((count, "\(report.perClass[row].class) as \(report.perClass[column].class) \(count) times"))
      }
    }
    let most = pairs.sorted { $0.count > $1.count }.prefix(3).map(\.text)
    return most.isEmpty ? "No sequence is told wrongly." : "Confused most: \(most.joined(separator: "; "))."
  }

  /// Rows beyond this many are folded, and the weakest stand before them.
  private static let mostRows = 20

  private static func table(_ report: ClassificationReport) -> Markup {
    func rows(_ classes: [ClassificationReport.PerClass]) -> [[String]] {
      classes.map { entry in
        let isThere = entry.support > 0
        return [
          entry.class, NumberText.percent(entry.precision), isThere ? NumberText.percent(entry.recall) : "–",
          isThere ? NumberText.percent(entry.f1) : "–", NumberText.count(entry.support),
        ]
      }
    }
    let columns = ["class", "precision", "recall", "F1", "sequences"]
    let all = Table(caption: "Every class", columns: columns, rows: rows(report.perClass))
    guard report.perClass.count > mostRows else { return all.markup }
    let weakest = report.perClass.filter { $0.support > 0 }.sorted { $0.f1 < $1.f1 }.prefix(mostRows / 2)
    return Table(
      caption: "The \(weakest.count) classes that are told worst", columns: columns, rows: rows(Array(weakest))
    )
    .markup.followed(by: all.folded("All \(NumberText.count(report.perClass.count)) classes"))
  }

  /// Where sequences lie in the plane in which their embeddings are spread widest.
  var map: Page.Section {
    let content: Markup
    switch examination.embeddings {
    case .leftOut(let reason): content = Page.leftOut(reason)
    case .shown(let embeddings) where embeddings.rows.contains { !$0.isFinite }:
      content = Page.notice("Left out: the embeddings of \(embeddings.ids.count) sequences are not all finite.")
    case .shown(let embeddings): content = EmbeddingMap(dataset: dataset, embeddings: embeddings).markup
    }
    return Page.Section(id: "map", title: "Map of embeddings", content: content)
  }

  /// A few sequences with what was hidden of them.
  var hidden: Page.Section {
    let content: Markup
    switch examination.restored {
    case .leftOut(let reason): content = Page.leftOut(reason)
    case .shown(let sequences):
      content = Page.figures(
        sequences.enumerated().flatMap { HiddenFigures(sequence: $1, number: $0, dataset: dataset).figures })
    }
    return Page.Section(id: "hidden", title: "What was hidden, and what the model told", content: content)
  }
}

extension Markup {
  /// This, and another piece behind it.
  func followed(by other: Markup) -> Markup {
    var both = self
    both += other
    return both
  }
}
