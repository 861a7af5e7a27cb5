import SequenceData

/// Some classes of a data set, by name, or all sequences: `training.classes`, and what is normal to `lockstep detect`.
struct ChosenClasses {
  private let dataset: SequenceDataset
  /// Whether each class of the data set is chosen; nil: every sequence is, labelled or not.
  private let isChosen: [Bool]?
  private let names: [String]

  /// - Parameter option: what named the classes, for the error.
  /// - Throws: a usage error (64) for a class that the data set does not have.
  init(_ names: [String]?, of dataset: SequenceDataset, option: String) throws {
    self.dataset = dataset
    self.names = names ?? []
    guard let names else {
      isChosen = nil
      return
    }
    for name in names where !dataset.classes.contains(name) {
      let known = dataset.classes.prefix(40).joined(separator: ", ") + (dataset.classes.count > 40 ? ", …" : "")
      throw TrainingError.usage(
        "\(option): \(dataset.path) has no class '\(name)'; "
          + (dataset.classes.isEmpty ? "it has no classes" : "it has \(known)"))
    }
    isChosen = dataset.classes.map(names.contains)
  }

  /// Whether a sequence is among them. One without a label is of no class.
  func contain(_ id: Int) -> Bool {
    guard let isChosen else { return true }
    return dataset.label(of: id).map { isChosen[$0] } ?? false
  }

  /// Whether the class of this number is.
  func contains(label: Int) -> Bool { isChosen?[label] ?? true }

  /// Words for an error: " of class a, b", or nothing where all are chosen.
  var words: String { isChosen == nil ? "" : " of class \(names.joined(separator: ", "))" }
}
