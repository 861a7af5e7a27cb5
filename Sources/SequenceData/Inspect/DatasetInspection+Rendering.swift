import Foundation

extension DatasetInspection {
  /// The report as lines of text for a person.
  public var text: String {
    var lines = [
      "\(name): \(Counted.text(sequences, "sequence")), \(Counted.text(timesteps, "timestep")), "
        + Counted.text(features, "feature")
    ]
    let range = valueRange.map { ", from \(ValueChecker.text($0.lowerBound)) to \(ValueChecker.text($0.upperBound))" }
    switch values {
    case .categories(let count): lines.append("values: categories 0..<\(count)" + (range ?? ""))
    case .reals: lines.append("values: real numbers" + (range ?? ""))
    }
    lines.append("shards: \(shards), \(isSealed ? "sealed" : "not sealed: a flipped bit would not be noticed")")
    if groups > 0 { lines.append("groups: \(groups)") }
    lines += ["", DatasetInspection.row("", Split.allCases.map(\.name))]
    lines.append(DatasetInspection.row("sequences", splits.map { "\($0.sequences)" }))
    lines.append(DatasetInspection.row("timesteps", splits.map { "\($0.timesteps)" }))
    lines.append(DatasetInspection.row("unlabelled", splits.map { "\($0.unlabelled)" }))
    for (index, label) in classes.enumerated() {
      lines.append(DatasetInspection.row(label, splits.map { "\($0.perClass[index])" }))
    }
    if let lengths {
      lines += ["", "lengths: \(lengths.minimum) / \(lengths.median) / \(lengths.maximum) (least / median / greatest)"]
      let most = lengths.histogram.map(\.count).max() ?? 1
      for bin in lengths.histogram {
        let bar = String(repeating: "#", count: (bin.count * 40 + most - 1) / most)
        let label = "\(bin.least)..<\(bin.least * 2)"
        lines.append(DatasetInspection.row(label, ["\(bin.count)"]) + "  " + bar)
      }
    }
    lines.append("")
    if defectCount == 0 {
      lines.append("no defects")
    } else {
      lines.append("\(defectCount) defect\(defectCount == 1 ? "" : "s"):")
      lines += defects.map { "  " + $0.description }
      if defectCount > defects.count { lines.append("  … and \(defectCount - defects.count) more") }
    }
    return lines.joined(separator: "\n")
  }

  private static func row(_ title: String, _ cells: [String]) -> String {
    func pad(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) }
    return title + pad(title, 18) + cells.map { pad($0, 12) + $0 }.joined()
  }

  /// The report as JSON, for programs.
  public var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(Report(self)), as: UTF8.self)
    }
  }

  private struct Report: Encodable {
    struct Values: Encodable {
      var kind: String
      var count: Int?
      var minimum: Float?
      var maximum: Float?
    }
    struct Counts: Encodable {
      var sequences: Int
      var timesteps: Int
      var unlabelled: Int
      var classes: [Int]
    }
    struct Bar: Encodable {
      var least: Int
      var count: Int
    }
    struct Summary: Encodable {
      var minimum: Int
      var median: Int
      var maximum: Int
      var histogram: [Bar]
    }

    var name: String
    var sequences: Int
    var timesteps: Int
    var features: Int
    var values: Values
    var classes: [String]
    var shards: Int
    var groups: Int
    var sealed: Bool
    var splits: [String: Counts]
    var lengths: Summary?
    var defectCount: Int
    var defects: [String]

    init(_ inspection: DatasetInspection) {
      name = inspection.name
      sequences = inspection.sequences
      timesteps = inspection.timesteps
      features = inspection.features
      let (low, high) = (inspection.valueRange?.lowerBound, inspection.valueRange?.upperBound)
      switch inspection.values {
      case .reals: values = Values(kind: "reals", count: nil, minimum: low, maximum: high)
      case .categories(let count): values = Values(kind: "categories", count: count, minimum: low, maximum: high)
      }
      classes = inspection.classes
      shards = inspection.shards
      groups = inspection.groups
      sealed = inspection.isSealed
      splits = Dictionary(
        uniqueKeysWithValues: zip(Split.allCases, inspection.splits).map { split, counts in
          (
            split.name,
            Counts(
              sequences: counts.sequences, timesteps: counts.timesteps, unlabelled: counts.unlabelled,
              classes: counts.perClass)
          )
        })
      lengths = inspection.lengths.map { lengths in
        Summary(
          minimum: lengths.minimum, median: lengths.median, maximum: lengths.maximum,
          histogram: lengths.histogram.map { Bar(least: $0.least, count: $0.count) })
      }
      defectCount = inspection.defectCount
      defects = inspection.defects.map(\.description)
    }
  }
}
