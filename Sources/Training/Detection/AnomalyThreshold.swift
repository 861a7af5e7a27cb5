/// How the score is found above which a sequence counts as an anomaly.
public enum AnomalyThreshold: Sendable, Equatable, CustomStringConvertible {
  /// The least training score that so large a share of the training scores does not exceed.
  case quantile(Double)
  /// The training scores' mean and so many of their standard deviations.
  case deviations(Double)
  /// What gives the highest F1 on the validation split.
  case labels
  /// This score.
  case value(Double)

  /// Reads `quantile:0.99`, `deviations:3`, `labels` or `value:0.5`.
  /// - Throws: a usage error (64).
  public init(parsing text: String) throws {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let number = parts.count == 2 ? Double(parts[1]).flatMap { $0.isFinite ? $0 : nil } : nil
    switch (parts[0], number) {
    case ("labels", nil) where parts.count == 1: self = .labels
    case ("quantile", let share?) where share > 0 && share <= 1: self = .quantile(share)
    case ("deviations", let count?): self = .deviations(count)
    case ("value", let value?): self = .value(value)
    default:
      throw TrainingError.usage(
        "--threshold \(text): expected quantile:SHARE with a share above 0, at most 1, deviations:NUMBER, labels, or value:SCORE"
      )
    }
  }

  /// As it is read.
  public var description: String {
    switch self {
    case .quantile(let share): "quantile:\(share)"
    case .deviations(let count): "deviations:\(count)"
    case .labels: "labels"
    case .value(let value): "value:\(value)"
    }
  }

  /// Whether training scores are needed.
  var needsTraining: Bool {
    switch self {
    case .quantile, .deviations: true
    case .labels, .value: false
    }
  }

  /// The threshold.
  /// - Parameters:
  ///   - training: scores of the training sequences, in the order of their ids; not empty where they are needed.
  ///   - validation: the ranking of the validation split, where labels decide.
  /// - Returns: nil where labels should decide and one kind is missing.
  func value(training: [Double], validation: Ranking?) -> Double? {
    switch self {
    case .quantile(let share):
      let place = Int((share * Double(training.count)).rounded(.up))
      return training.sorted()[min(max(place, 1), training.count) - 1]
    case .deviations(let count):
      let mean = training.reduce(0, +) / Double(training.count)
      let square = training.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(training.count)
      return mean + count * square.squareRoot()
    case .labels: return validation?.thresholdOfBestF1
    case .value(let value): return value
    }
  }
}
