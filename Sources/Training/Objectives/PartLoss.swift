import Checkpoints

/// The mean loss of one of the losses that an objective minimises.
struct PartLoss: Encodable, Sendable, Equatable {
  /// Its kind; empty where it is the only one.
  let name: String
  /// Its mean over its terms.
  let loss: Double
  /// The share of terms told correctly, where that has a meaning.
  let accuracy: Double?

  private enum CodingKeys: String, CodingKey { case loss, accuracy }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(FiniteNumber(loss), forKey: .loss)
    try container.encodeIfPresent(accuracy, forKey: .accuracy)
  }

  /// Sums over the global batch, each divided by its count.
  static func means(_ parts: [ObjectivePart], losses: [Double], counts: [Int], correct: [Int]) -> [PartLoss] {
    parts.indices.map { index in
      let terms = Double(max(1, counts[index]))
      return PartLoss(
        name: parts[index].name, loss: losses[index] / terms,
        accuracy: parts[index].countsCorrect ? Double(correct[index]) / terms : nil)
    }
  }

  /// What is minimised: `Σ weight · mean`.
  static func total(_ means: [PartLoss], of parts: [ObjectivePart]) -> Double {
    zip(means, parts).reduce(0) { $0 + $1.1.weight * $1.0.loss }
  }

  /// The parts as a row of metrics.jsonl has them; nil where there are none.
  static func byName(_ parts: [PartLoss]) -> [String: PartLoss]? {
    parts.isEmpty ? nil : Dictionary(uniqueKeysWithValues: parts.map { ($0.name, $0) })
  }

  /// The same as a step's row has them, names in order.
  static func line(_ parts: [String: PartLoss]) -> JSONLine {
    var line = JSONLine()
    for (name, part) in parts.sorted(by: { $0.key < $1.key }) {
      var values = JSONLine()
      values.add("accuracy", part.accuracy)
      values.add("loss", orNull: part.loss)
      line.add(name, values)
    }
    return line
  }

  /// `masked 0.5234, next 0.1200`, for the user.
  static func text(_ parts: [PartLoss]) -> String {
    parts.map { "\($0.name) \(ProgressText.short($0.loss))" }.joined(separator: ", ")
  }
}
