import PackedTensors

/// Makes a data set of one feature whose classes differ in structure and not in the values that they have.
///
/// Equal settings make equal files on every machine.
public struct DatasetGenerator: Sendable {
  /// What is generated.
  public enum Process: String, Sendable, CaseIterable {
    /// Values 0...40, a zigzag whose speed changes in an order that is the class's own.
    case order
    /// Sentences of an invented language as bytes; the class is the kind of what a sentence is about.
    case grammar
  }

  /// What is generated.
  public var process = Process.order
  /// How many sequences.
  public var sequences = 600
  /// How many classes, dealt out evenly; a grammar has two.
  public var classes = 4
  /// The least and the greatest length in timesteps; lengths are log-uniform between them. Sentences have their own.
  public var lengths = 512...30720
  /// What all random numbers are derived from.
  public var seed: UInt64 = 1
  /// The share of the training sequences of each class that have no label. Validation and test keep theirs.
  public var unlabelled = 0.9
  /// The share of the sequences of each class that are for validation.
  public var validation = 0.1
  /// The share of the sequences of each class that are for testing.
  public var test = 0.2
  /// Bounds a shard's values, in bytes.
  public var shardBytes = 256 << 20

  /// The settings of the documentation's examples; change what should differ.
  public init() {}

  /// Writes the data set into a folder that is empty or not there yet; `progress` hears of each sequence.
  ///
  /// Throws ``DataError``: usage for settings that cannot be met and a folder that is not empty, file errors else; then
  /// nothing is left behind. Complexity: O(timesteps) time, memory for one sequence.
  public func write(to path: String, progress: (ImportProgress) -> Void = { _ in }) throws {
    try check()
    let labels = drawLabels()
    let splits = try SplitDrawing.draw(
      labels: labels, groups: Array(repeating: -1, count: sequences),
      given: Array(repeating: nil, count: sequences), validation: validation, test: test, seed: seed)
    let shown = hideLabels(labels, splits)
    let draw: (_ id: Int, _ label: Int) -> [Float]
    let (categories, names): (Int, [String])
    switch process {
    case .order:
      let process = OrderProcess(classes: classes, seed: seed)
      draw = { process.values(of: $0, class: $1, length: length(of: $0)) }
      (categories, names) = (OrderProcess.categories, (0..<classes).map { "class-\($0)" })
    case .grammar:
      let process = GrammarProcess(seed: seed)
      draw = process.values(of:class:)
      (categories, names) = (GrammarProcess.categories, GrammarProcess.classes)
    }
    let writer = try DatasetWriter(
      at: path, features: 1, values: .categories(count: categories), shardBytes: shardBytes)
    do {
      for id in 0..<sequences {
        let values = draw(id, Int(labels[id]))
        try writer.append(values, label: shown[id] < 0 ? nil : Int(shown[id]), split: splits[id])
        progress(ImportProgress(sequences: id + 1, bytes: writer.timesteps))
      }
      try writer.finish(classes: names)
    } catch {
      writer.abandon()
      throw error
    }
  }

  private func check() throws {
    func require(_ condition: Bool, _ sentence: String) throws {
      if !condition { throw DataError.usage(sentence) }
    }
    try require(
      (1...Int(Int32.max)).contains(sequences), "\(sequences) sequences cannot be generated; ask for at least 1")
    try require(
      (1...OrderProcess.mostClasses).contains(classes) && classes <= sequences,
      "\(classes) classes cannot be generated; ask for 1...\(min(OrderProcess.mostClasses, sequences))")
    try require(
      process != .grammar || classes == GrammarProcess.classes.count,
      "\(classes) classes cannot be generated of a grammar, which has 2")
    try require(
      lengths.lowerBound >= 1 && lengths.upperBound <= 1 << 30,
      "lengths \(lengths.lowerBound)..\(lengths.upperBound) cannot be generated; they lie in 1..\(1 << 30)")
    try require((0...1).contains(unlabelled), "the unlabelled share is \(unlabelled); it lies in 0...1")
  }

  /// A label for each sequence: every class equally often, give or take one, in drawn order.
  private func drawLabels() -> [Int32] {
    RandomKey(seed: seed, purpose: "generate.labels").permutation(of: sequences).map { Int32($0 % classes) }
  }

  /// Takes the unlabelled share of each class's training labels away, at random, leaving one if the share is below 1.
  private func hideLabels(_ labels: [Int32], _ splits: [Split]) -> [Int32] {
    var members = Array(repeating: [Int](), count: classes)
    for index in labels.indices where splits[index] == .train { members[Int(labels[index])].append(index) }
    var shown = labels
    for (label, members) in members.enumerated() {
      let kept = (Double(members.count) * (1 - unlabelled)).rounded()
      let visible = unlabelled < 1 ? max(1, Int(kept)) : 0
      let order = RandomKey(seed: seed, purpose: "generate.unlabelled", epoch: label).permutation(of: members.count)
      for place in order.dropFirst(visible) { shown[members[place]] = -1 }
    }
    return shown
  }

  /// A log-uniform length: the interval is cut at its geometric mean and a random bit chooses the part, again and
  /// again. A square root is exactly rounded on every machine; a logarithm is not.
  func length(of id: Int) -> Int {
    var bits = RandomKey(seed: seed, purpose: "generate.length").bits(sequence: id).x
    var low = Double(lengths.lowerBound)
    var high = Double(lengths.upperBound) + 1
    for _ in 0..<32 {
      let middle = (low * high).squareRoot()
      if bits & 1 == 0 { high = middle } else { low = middle }
      bits >>= 1
    }
    return min(max(Int(low), lengths.lowerBound), lengths.upperBound)
  }
}
