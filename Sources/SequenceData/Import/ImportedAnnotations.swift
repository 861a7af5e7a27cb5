/// What an import learns of its sequences beside their values, until all are known and classes are numbered and splits
/// drawn.
struct ImportedAnnotations {
  private var names: [String: Int32] = [:]
  private var groupNames: [String: Int32] = [:]
  private var given: [Split?] = []
  /// Of each sequence so far the number of its class by first appearance, and of its group; -1: none.
  private(set) var labels: [Int32] = [], groups: [Int32] = []

  /// Takes down the next sequence.
  mutating func add(_ sequence: SourceSequence) throws {
    labels.append(try Self.number(of: sequence.label, in: &names, sequence))
    groups.append(try Self.number(of: sequence.group, in: &groupNames, sequence))
    given.append(sequence.split)
  }

  /// The number of a name, a new one for a new name.
  ///
  /// Static, because a method would hold a copy of all this meanwhile, and so each new name would copy the table.
  private static func number(
    of name: String?, in numbers: inout [String: Int32], _ sequence: SourceSequence
  ) throws -> Int32 {
    guard let name else { return -1 }
    if let number = numbers[name] { return number }
    guard let number = Int32(exactly: numbers.count) else { throw sequence.error("there are too many names") }
    numbers[name] = number
    return number
  }

  /// Numbers the classes as `declared`, then in the natural order of their names, and draws the splits.
  func finished(
    declared: [String], _ options: ImportOptions
  ) throws -> (classes: [String], labels: [Int32], splits: [Split]) {
    let known = Set(declared)
    let classes = declared + names.keys.filter { !known.contains($0) }.sorted(by: NaturalOrder.precedes)
    guard classes.count <= DatasetManifest.mostClasses else {
      throw DataError.usage(
        "there are \(classes.count) classes; the most are \(DatasetManifest.mostClasses): are the labels names of "
          + "classes?")
    }
    var order = Array(repeating: Int32(-1), count: names.count)
    for (index, name) in classes.enumerated() {
      if let number = names[name] { order[Int(number)] = Int32(index) }
    }
    let labels = self.labels.map { $0 < 0 ? -1 : order[Int($0)] }
    let undecided = given.contains(nil)
    let splits = try SplitDrawing.draw(
      labels: labels, groups: groups, given: given,
      validation: options.validation ?? (undecided && !given.contains(.validation) ? 0.1 : 0),
      test: options.testFraction ?? (undecided && !given.contains(.test) ? 0.2 : 0), seed: options.seed)
    return (classes, labels, splits)
  }
}
