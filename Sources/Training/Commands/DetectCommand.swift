import ArrayFiles
import Checkpoints
import DataParallel
import MessagePassing
import Networks
import PackedTensors
import SequenceData

/// `lockstep detect`: which sequences are unlike the normal ones that a model was trained on.
public struct DetectCommand: Sendable {
  /// Which model, which data; the split is judged.
  public var model: ModelCommand
  /// What tells normal sequences and anomalies apart.
  public var score = AnomalyScore.reconstruction
  /// Above which score.
  public var threshold = AnomalyThreshold.quantile(0.99)
  /// The classes that are normal; nil: those of the run's `training.classes`, where it names any.
  public var normal: [String]?

  /// Detection by reconstruction, above the 0.99 quantile.
  public init(_ model: ModelCommand) { self.model = model }

  /// Writes `scores.csv`, a line a sequence of the judged split (`id,score,anomaly,class` and, where the data set has
  /// names, `name`), and `detection.json` into a new folder.
  ///
  /// Training scores are those of the normal sequences of the training split, or of all of it where none is known to be
  /// normal. The same bytes on any number of ranks.
  /// - Parameter show: is given the report on rank 0, before it is written.
  public func run(to out: String, _ communicator: Communicator, show: (DetectionReport) -> Void) throws {
    let use: ModelUse =
      score == .distance ? .embedding : .reconstruction(otherwise: ", or detect with --score distance")
    let loaded = try LoadedModel(model, communicator, for: use, folder: out)
    try loaded.agreement.requireSame(
      "\(score) \(threshold) \(normal?.joined(separator: ",") ?? "-") \(out)",
      of: "What is detected (--score, --threshold, --normal, --out)")
    let work = try DetectionWork(self, loaded)
    _ = try loaded.run(
      work.ids, { try loaded.build(for: DetectUser(loaded: loaded, work: work, score: score)) }
    ) { scores in
      let report = try work.report(scores)
      show(report)
      try AtomicFile.createFolder(out)
      try AtomicFile.write(work.table(scores, above: report.threshold), to: out + "/scores.csv")
      try AtomicFile.write(Array(StableJSON.encode(report)), to: out + "/detection.json")
    }
  }
}

/// Which sequences are scored, and what is made of their scores.
private struct DetectionWork {
  let command: DetectCommand
  let dataset: SequenceDataset
  /// Whether each class is normal; empty where none is known to be.
  let areNormal: [Bool]
  /// Ids whose scores, or embeddings, stand for normal; and of the validation split, where its labels decide.
  let training, validation: [Int]
  let judged: [Int]
  /// All that are scored, ascending.
  let ids: [Int]

  init(_ command: DetectCommand, _ loaded: LoadedModel) throws {
    (self.command, self.dataset) = (command, loaded.dataset)
    let (dataset, names) = (loaded.dataset, command.normal ?? loaded.trainedClasses)
    let normal = try TrainingError.alike {
      try ChosenClasses(
        names, of: dataset, option: command.normal == nil ? "training.classes of the run" : "--normal")
    }
    areNormal = names == nil ? [] : dataset.classes.indices.map(normal.contains(label:))
    if command.threshold == .labels && names == nil {
      throw TrainingError.usage("--threshold labels: which classes are normal? Name them with --normal CLASS,…")
    }
    judged = try loaded.chosen(command.model.split, labelledOnly: false)
    let isTrained = command.threshold.needsTraining || command.score == .distance
    training =
      isTrained
      ? Selection.evaluated(dataset, split: .train, labelledOnly: false, classes: normal).ids : []
    if isTrained && training.isEmpty {
      throw TrainingError.data(
        "\(dataset.path): no sequence\(normal.words) is in the training split, and the "
          + (command.score == .distance ? "distances are from those" : "threshold is of their scores"))
    }
    validation =
      command.threshold == .labels
      ? Selection.evaluated(dataset, split: .validation, labelledOnly: true).ids : []
    ids = Set(training + validation + judged).sorted()
  }

  /// Judges the scores of ``ids``.
  func report(_ scores: [Double]) throws -> DetectionReport {
    for (id, score) in zip(ids, scores) where !score.isFinite {
      throw TrainingError.data(
        "\(dataset.path): sequence \(id): its score is \(score); values far beyond those of the training overflow the model, or its weights are not finite"
      )
    }
    let byID = Dictionary(uniqueKeysWithValues: zip(ids, scores))
    func of(_ ids: [Int]) -> [Double] { ids.map { byID[$0]! } }
    let ranking =
      command.threshold == .labels
      ? Ranking(scores: of(validation), areAnomalies: validation.map { !areNormal[dataset.label(of: $0)!] }) : nil
    guard let threshold = command.threshold.value(training: of(training), validation: ranking) else {
      throw TrainingError.data(
        "\(dataset.path): --threshold labels needs normal and anomalous sequences in the validation split; it has "
          + "\(ranking?.normals ?? 0) and \(ranking?.anomalies ?? 0)")
    }
    return DetectionReport(
      score: command.score, threshold: threshold, rule: command.threshold, trainingSequences: training.count,
      scores: of(judged), labels: judged.map(dataset.label(of:)), classes: dataset.classes, areNormal: areNormal)
  }

  /// The judged sequences as CSV.
  func table(_ scores: [Double], above threshold: Double) -> String {
    let byID = Dictionary(uniqueKeysWithValues: zip(ids, scores))
    let names = SequenceNames(dataset)
    var text = "id,score,anomaly,class" + (names == nil ? "\n" : ",name\n")
    for id in judged {
      let score = byID[id]!
      let label = dataset.label(of: id).map { CSV.field(dataset.classes[$0]) } ?? ""
      text += "\(id),\(score),\(score > threshold ? 1 : 0),\(label)"
      if let names { text += "," + CSV.field(names.name(of: id)) }
      text += "\n"
    }
    return text
  }
}

/// Scores of all sequences, in the order of their ids; on rank 0, elsewhere perhaps empty.
private struct DetectUser: ModelUser {
  let loaded: LoadedModel
  let work: DetectionWork
  let score: AnomalyScore

  func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> [Double] {
    try loaded.load(into: model.store)
    let evaluator = loaded.evaluator(model)
    switch score {
    case .reconstruction:
      guard let autoencoder = evaluator as? Evaluator<E, Autoencode> else {
        preconditionFailure("an autoencoder was built")
      }
      return try autoencoder.reconstructionErrors(work.ids)
    case .distance: return try distances(evaluator)
    }
  }

  /// Embeds the training sequences for their moments, then all for their distances: rows are never held together.
  private func distances<E: Encoder, O: Objective>(_ evaluator: Evaluator<E, O>) throws -> [Double] {
    let pooling = loaded.recipe.pool.pooling
    let width = evaluator.model.encoder.width
    var sums = MahalanobisDistance.Sums(width: width)
    try ModelCommand.forEachChunk(of: work.training) { part in
      let rows = try evaluator.embeddings(part, pooling: pooling)
      try loaded.agreement.together(exitCode: TrainingError.exitCode) {
        if let bad = rows.firstIndex(where: { !$0.isFinite }) {
          throw TrainingError.data(
            "\(work.dataset.path): sequence \(part[bad / width]): its embedding is not finite")
        }
      }
      sums.add(rows)
    }
    guard loaded.communicator.rank == 0 else {
      try ModelCommand.forEachChunk(of: work.ids) { _ = try evaluator.embeddings($0, pooling: pooling) }
      return []
    }
    let normal = MahalanobisDistance(sums)
    var scores: [Double] = []
    try ModelCommand.forEachChunk(of: work.ids) {
      scores += normal.distances(try evaluator.embeddings($0, pooling: pooling))
    }
    return scores
  }
}
