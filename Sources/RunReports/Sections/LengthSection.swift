import SequenceData

/// How long the sequences of a data set are.
struct LengthSection {
  let dataset: SequenceDataset

  var section: Page.Section {
    var lengths: [Split: [Int]] = [:]
    for id in 0..<dataset.count { lengths[dataset.split(of: id), default: []].append(dataset.length(of: id)) }
    let kinds = Split.allCases.compactMap { split in lengths[split].map { (name: split.name, values: $0) } }
    let all = kinds.flatMap(\.values).sorted()
    let (least, most, middle) = (all[0], all[all.count - 1], all[all.count / 2])
    let histogram = Histogram(
      figure: Figure(
        id: "lengths", title: "Lengths of sequences",
        description:
          "How many of \(NumberText.counted(all.count, "sequence")) have so many timesteps: from \(NumberText.count(least)) to \(NumberText.count(most)), half of them up to \(NumberText.count(middle))."
      ),
      xName: "timesteps", yName: "sequences", kinds: kinds)
    let classes = dataset.classes.isEmpty ? "no classes" : NumberText.counted(dataset.classes.count, "class", "classes")
    return Page.Section(
      id: "data", title: "Data",
      content: element("p") {
        "Data set "
        element("bdi") { dataset.name }
        ": \(NumberText.counted(dataset.count, "sequence")), \(NumberText.counted(dataset.timesteps, "timestep")) of \(NumberText.counted(dataset.features, "feature")), \(classes). Lengths from \(NumberText.count(least)) to \(NumberText.count(most)), median \(NumberText.count(middle))."
      }.followed(by: Page.figures([histogram.markup])))
  }
}

extension NumberText {
  /// `1 class`, `3 classes`.
  static func counted(_ number: Int, _ noun: String, _ plural: String) -> String {
    "\(count(number)) \(number == 1 ? noun : plural)"
  }
}
