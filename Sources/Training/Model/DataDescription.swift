import SequenceData

/// What a model has to know of a data set: the form of a timestep, and the classes.
public struct DataDescription: Sendable, Equatable {
  /// Features of a timestep.
  public let features: Int
  /// Categories or reals.
  public let values: ValueKind
  /// Names of the classes.
  public let classes: [String]

  /// The description of a data set.
  public init(_ dataset: SequenceDataset) {
    self.init(features: dataset.features, values: dataset.values, classes: dataset.classes)
  }

  /// A description from its parts.
  public init(features: Int, values: ValueKind, classes: [String]) {
    self.features = features
    self.values = values
    self.classes = classes
  }

  /// Number of categories, where the values are categories.
  var categories: Int? { if case .categories(let count) = values { count } else { nil } }
}
