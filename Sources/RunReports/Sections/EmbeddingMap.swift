import SequenceData
import Training

/// Embeddings in the plane of their first two principal components, coloured by class.
struct EmbeddingMap {
  let dataset: SequenceDataset
  let embeddings: ModelExamination.Embeddings

  /// Classes that get a colour and a marker of their own.
  private static let mostClasses = 24

  var markup: Markup {
    let labels = embeddings.ids.map { dataset.label(of: $0) }
    var counts: [Int: Int] = [:]
    for case let label? in labels { counts[label, default: 0] += 1 }
    let frequent = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.mostClasses).map(\.key)
      .sorted()
    let looks = Dictionary(uniqueKeysWithValues: frequent.enumerated().map { ($1, Look(number: $0)) })
    let plane = PrincipalComponents(embeddings.rows, width: embeddings.width)
    let points = embeddings.ids.indices.map { index in
      let name = labels[index].map { dataset.classes[$0] } ?? "no label"
      return ScatterPlot.Point(
        x: plane.points[index].x, y: plane.points[index].y, look: labels[index].flatMap { looks[$0] },
        text:
          "sequence \(embeddings.ids[index]): \(name), \(NumberText.counted(dataset.length(of: embeddings.ids[index]), "timestep"))"
      )
    }
    var keys = frequent.map { Figure.Key(name: dataset.classes[$0], look: looks[$0]!, shape: .marker) }
    if points.contains(where: { $0.look == nil }) {
      let what = counts.count > frequent.count ? "other classes, or no label" : "no label"
      keys.append(Figure.Key(name: what, look: nil, shape: .marker))
    }
    let howMany =
      embeddings.ids.count < embeddings.of
      ? "\(NumberText.count(embeddings.ids.count)) of the \(NumberText.counted(embeddings.of, "sequence")) of the \(embeddings.split.name) split, evenly spread over it"
      : "All \(NumberText.counted(embeddings.of, "sequence")) of the \(embeddings.split.name) split"
    let figure = Figure(
      id: "embeddings", title: "Embeddings, projected",
      description:
        "\(howMany). Each point is a sequence; near points have embeddings that are alike in the two directions of largest variance.",
      keys: keys,
      note:
        "\(howMany). \(embeddings.width) dimensions; the plane of the two principal components holds \(NumberText.percent(plane.shares.0 + plane.shares.1)) of the variance.",
      isWide: true)
    return ScatterPlot(
      figure: figure, points: points, xName: "first component, \(NumberText.percent(plane.shares.0)) of the variance →",
      yName: "↑ second component, \(NumberText.percent(plane.shares.1))"
    ).markup
  }
}
