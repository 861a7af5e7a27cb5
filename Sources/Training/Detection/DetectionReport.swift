/// What was found: what `lockstep detect` writes as detection.json. What has no meaning is null: without labels all that
/// needs them, with normal or anomalous sequences alone the areas.
public struct DetectionReport: Encodable, Equatable, Sendable {
  /// One class.
  public struct PerClass: Encodable, Equatable, Sendable {
    /// Name of the class.
    public var `class`: String
    /// Whether it counts as normal.
    public var isNormal: Bool
    /// Its sequences.
    public var sequences: Int
    /// Those of them that scored above the threshold.
    public var flagged: Int
  }

  /// What the scores are.
  public var score: AnomalyScore
  /// The score above which a sequence counts as an anomaly, and how it was found.
  public var threshold: Double, rule: String
  /// The classes that are normal; empty: none is known.
  public var normal: [String]
  /// Training sequences whose scores are known; they are all normal.
  public var trainingSequences: Int
  /// Sequences that were judged, and those that scored above the threshold.
  public var sequences: Int, flagged: Int
  /// Of the flagged sequences with a label the share that are anomalies; of the anomalies the share that is flagged; the
  /// harmonic mean of both.
  public var precision, recall, f1: Double?
  /// Area under the receiver operating characteristic, and average precision.
  public var rocAUC, prAUC: Double?
  /// `confusion[isAnomaly][isFlagged]` of the labelled sequences.
  public var confusion: [[Int]]
  /// Every class that was met.
  public var perClass: [PerClass]

  /// - Parameters:
  ///   - scores: of the judged sequences.
  ///   - labels: the class of each, a place in `classes`; nil: none.
  ///   - areNormal: whether each class is normal; empty where no class is known to be.
  init(
    score: AnomalyScore, threshold: Double, rule: AnomalyThreshold, trainingSequences: Int, scores: [Double],
    labels: [Int?], classes: [String], areNormal: [Bool]
  ) {
    self.score = score
    self.threshold = threshold
    self.rule = rule.description
    self.trainingSequences = trainingSequences
    normal = zip(classes, areNormal).filter(\.1).map(\.0)
    sequences = scores.count
    flagged = scores.count { $0 > threshold }
    var confusion = [[0, 0], [0, 0]]
    var perClass: [Int: PerClass] = [:]
    var known: (scores: [Double], truths: [Bool]) = ([], [])
    for (value, label) in zip(scores, labels) where !areNormal.isEmpty {
      guard let label else { continue }
      let isNormal = areNormal[label]
      confusion[isNormal ? 0 : 1][value > threshold ? 1 : 0] += 1
      perClass[
        label, default: PerClass(class: classes[label], isNormal: isNormal, sequences: 0, flagged: 0)
      ].count(value > threshold)
      known.scores.append(value)
      known.truths.append(!isNormal)
    }
    self.confusion = confusion
    self.perClass = perClass.sorted { $0.key < $1.key }.map(\.value)
    let (alarms, hits, misses) = (confusion[0][1], confusion[1][1], confusion[1][0])
    func share(_ part: Int, of all: Int) -> Double? { all == 0 ? nil : Double(part) / Double(all) }
    precision = share(hits, of: hits + alarms)
    recall = share(hits, of: hits + misses)
    f1 = share(2 * hits, of: 2 * hits + alarms + misses)
    let ranking = Ranking(scores: known.scores, areAnomalies: known.truths)
    (rocAUC, prAUC) = (ranking.areaUnderROC, ranking.averagePrecision)
  }

  private enum CodingKeys: String, CodingKey {
    case score, threshold, rule, normal, trainingSequences, sequences, flagged, precision, recall, f1, rocAUC, prAUC,
      confusion, perClass
  }

  /// As it is synthesised, but that what is nil is written as null.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(score, forKey: .score)
    try container.encode(threshold, forKey: .threshold)
    try container.encode(rule, forKey: .rule)
    try container.encode(normal, forKey: .normal)
    try container.encode(trainingSequences, forKey: .trainingSequences)
    try container.encode(sequences, forKey: .sequences)
    try container.encode(flagged, forKey: .flagged)
    try container.encode(precision, forKey: .precision)
    try container.encode(recall, forKey: .recall)
    try container.encode(f1, forKey: .f1)
    try container.encode(rocAUC, forKey: .rocAUC)
    try container.encode(prAUC, forKey: .prAUC)
    try container.encode(confusion, forKey: .confusion)
    try container.encode(perClass, forKey: .perClass)
  }
}

extension DetectionReport.PerClass {
  fileprivate mutating func count(_ isFlagged: Bool) {
    sequences += 1
    flagged += isFlagged ? 1 : 0
  }
}
