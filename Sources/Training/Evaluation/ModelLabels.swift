import SequenceData

/// A data set's labels as a model numbers its classes: found by name, since two data sets may list theirs in any order.
struct ModelLabels {
  private let dataset: SequenceDataset
  private let classes: [String]
  /// The model's number of each class of the data set; nil for one that the model does not know.
  private let numbers: [Int?]

  /// - Parameter classes: the model's classes, in its order.
  init(_ dataset: SequenceDataset, classes: [String]) {
    self.dataset = dataset
    self.classes = classes
    let known = Dictionary(classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    numbers = dataset.classes.map { known[$0] }
  }

  /// The model's number of a sequence's class; nil where it has none, or one that the model does not know.
  subscript(id: Int) -> Int? { dataset.label(of: id).flatMap { numbers[$0] } }

  /// Checks that the model knows the classes of all labelled ones among some sequences.
  /// - Throws: a data error (65) with file, sequence and class of the first of another class.
  func check(_ ids: [Int]) throws {
    for id in ids {
      guard let label = dataset.label(of: id), numbers[label] == nil else { continue }
      let names = classes.prefix(20).joined(separator: ", ") + (classes.count > 20 ? ", …" : "")
      throw dataset.labelError(
        of: id,
        "its class is \"\(dataset.classes[label])\", which the model does not know; it knows \(classes.count): \(names)"
      )
    }
  }
}
