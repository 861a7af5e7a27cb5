import ArrayFiles
import Checkpoints

/// How well classes were told: what `lockstep evaluate --json` writes.
public struct ClassificationReport: Codable, Equatable, Sendable {
  /// One class.
  public struct PerClass: Codable, Equatable, Sendable {
    /// Name of the class.
    public var `class`: String
    /// Of those told to be of this class, the share that is.
    public var precision: Double
    /// Of those of this class, the share that was told.
    public var recall: Double
    /// Harmonic mean of precision and recall.
    public var f1: Double
    /// Sequences of this class.
    public var support: Int
  }

  /// Sequences that were evaluated.
  public var sequences: Int
  /// Mean cross-entropy over the sequences.
  public var loss: Double
  /// Share of sequences whose class was told.
  public var accuracy: Double
  /// Mean F1 over the classes with support.
  public var macroF1: Double
  /// Every class.
  public var perClass: [PerClass]
  /// `confusion[true][predicted]`.
  public var confusion: [[Int]]

  /// The report of predictions; losses are summed in the order given.
  init(classes: [String], truth: [Int], predicted: [Int], losses: [Double]) {
    var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes.count), count: classes.count)
    for (t, p) in zip(truth, predicted) { confusion[t][p] += 1 }
    let correct = classes.indices.reduce(0) { $0 + confusion[$1][$1] }
    perClass = classes.indices.map { c in
      let hits = Double(confusion[c][c])
      let support = confusion[c].reduce(0, +)
      let told = confusion.reduce(0) { $0 + $1[c] }
      let precision = told == 0 ? 0 : hits / Double(told)
      let recall = support == 0 ? 0 : hits / Double(support)
      return PerClass(
        class: classes[c], precision: precision, recall: recall,
        f1: hits == 0 ? 0 : 2 * precision * recall / (precision + recall), support: support)
    }
    let present = perClass.filter { $0.support > 0 }
    sequences = truth.count
    loss = losses.reduce(0, +) / Double(max(1, truth.count))
    accuracy = Double(correct) / Double(max(1, truth.count))
    macroF1 = present.reduce(0) { $0 + $1.f1 } / Double(max(1, present.count))
    self.confusion = confusion
  }

  /// Writes the report as JSON. Throws `FileError` where that cannot be done.
  public func write(to path: String) throws {
    try AtomicFile.write(Array(StableJSON.encode(self)), to: path)
  }
}
