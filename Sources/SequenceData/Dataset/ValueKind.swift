/// What the values of a data set are.
public enum ValueKind: Sendable, Equatable {
  /// Integers in `0 ..< count`.
  case categories(count: Int)
  /// Finite real numbers.
  case reals
}

/// What a sequence is used for.
public enum Split: UInt8, Sendable, CaseIterable {
  /// Training, pretraining and every fitted statistic.
  case train = 0
  /// Choosing when to stop and which checkpoint is best.
  case validation = 1
  /// The final measurement.
  case test = 2

  /// The split of a name such as `train`, `validation`, `valid`, `val` or `test`, or of its number; nil for any other
  /// text.
  public init?(name: some StringProtocol) {
    switch name.lowercased() {
    case "train", "training", "0": self = .train
    case "validation", "valid", "val", "dev", "1": self = .validation
    case "test", "2": self = .test
    default: return nil
    }
  }

  /// `train`, `validation` or `test`.
  public var name: String {
    switch self {
    case .train: "train"
    case .validation: "validation"
    case .test: "test"
    }
  }
}
