import ArrayFiles
import Checkpoints
import DataParallel
import MessagePassing
import Networks
import PackedTensors
import SequenceData

/// A command that uses a trained model: which model, which data, which sequences.
public struct ModelCommand: Sendable {
  /// Run whose model is used; for `embed` also an encoder folder.
  public var model: String
  /// `latest`, `best` or a checkpoint's folder; none: the best if validation ran, else the latest.
  public var checkpoint: String?
  /// Folder of the data set.
  public var data: String
  /// The split whose sequences are used; none: all.
  public var split: Split?
  /// Compute threads of each rank.
  public var threads = 1

  /// A command on a model and a data set.
  public init(model: String, checkpoint: String?, data: String, split: Split?) {
    self.model = model
    self.checkpoint = checkpoint
    self.data = data
    self.split = split
  }

  /// Evaluates a classifier on the labelled sequences of the split.
  public func evaluate(_ communicator: Communicator) throws -> ClassificationReport {
    let loaded = try LoadedModel(self, communicator, needsClassifier: true)
    let ids = Selection.evaluated(loaded.dataset, split: split, labelledOnly: true).ids
    guard !ids.isEmpty else {
      throw TrainingError.data(
        "\(data): split \(split?.name ?? "all") has no labelled sequence; nothing to evaluate")
    }
    let classes = loaded.description.classes
    for id in ids {
      guard let label = loaded.dataset.label(of: id), label < classes.count else {
        throw TrainingError.data(
          "\(data): sequence \(id) has a class that the model does not know; it knows \(classes.count)")
      }
    }
    return try loaded.build(for: EvaluateUser(loaded: loaded, ids: ids, classes: classes))
  }

  /// Class probabilities of the split's sequences as CSV: `id,class,p_0,…`, a line a sequence.
  public func predict(to path: String, _ communicator: Communicator) throws {
    let loaded = try LoadedModel(self, communicator, needsClassifier: true)
    let ids = try loaded.chosen(split)
    try loaded.build(for: PredictUser(loaded: loaded, ids: ids, path: path))
  }

  /// Pooled embeddings of the split's sequences as a float32 array `[n, width]`.
  public func embed(to path: String, _ communicator: Communicator) throws {
    let loaded = try LoadedModel(self, communicator, needsClassifier: false)
    let ids = try loaded.chosen(split)
    try loaded.build(for: EmbedUser(loaded: loaded, ids: ids, path: path))
  }

  /// Sequences that are gathered to rank 0 at once.
  static let chunk = 8192
}

private struct EvaluateUser: ModelUser {
  let loaded: LoadedModel
  let ids: [Int]
  let classes: [String]

  func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> ClassificationReport {
    try loaded.load(into: model.store)
    guard let evaluator = loaded.evaluator(model) as? Evaluator<E, Classify> else {
      preconditionFailure("a classifier was built")
    }
    return try evaluator.classification(ids, classes: classes)
  }
}

private struct PredictUser: ModelUser {
  let loaded: LoadedModel
  let ids: [Int]
  let path: String

  func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws {
    try loaded.load(into: model.store)
    guard let evaluator = loaded.evaluator(model) as? Evaluator<E, Classify> else {
      preconditionFailure("a classifier was built")
    }
    let names = loaded.description.classes
    var text = "id,class," + names.indices.map { "p_\($0)" }.joined(separator: ",") + "\n"
    for first in stride(from: 0, to: ids.count, by: ModelCommand.chunk) {
      let part = Array(ids[first..<min(first + ModelCommand.chunk, ids.count)])
      let p = try evaluator.probabilities(part, classes: names.count)
      guard loaded.communicator.rank == 0 else { continue }
      for (index, id) in part.enumerated() {
        let row = p[index * names.count..<(index + 1) * names.count]
        let best = row.indices.reduce(row.startIndex) { row[$1] > row[$0] ? $1 : $0 } - row.startIndex
        text += "\(id),\(CSV.field(names[best])),\(row.map { "\($0)" }.joined(separator: ","))\n"
      }
    }
    if loaded.communicator.rank == 0 { try AtomicFile.write(text, to: path) }
  }
}

private struct EmbedUser: ModelUser {
  let loaded: LoadedModel
  let ids: [Int]
  let path: String

  func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws {
    try loaded.load(into: model.store)
    let evaluator = loaded.evaluator(model)
    let pooling = loaded.recipe.pool.pooling
    let aside = AtomicFile.temporaryPath(for: path)
    do {
      let writer =
        loaded.communicator.rank == 0
        ? try NPYWriter(at: aside, element: .float32, rowShape: [model.encoder.width]) : nil
      for first in stride(from: 0, to: ids.count, by: ModelCommand.chunk) {
        let part = Array(ids[first..<min(first + ModelCommand.chunk, ids.count)])
        let rows = try evaluator.embeddings(part, pooling: pooling)
        try writer?.append(rows)
      }
      guard let writer else { return }
      try writer.close()
      try AtomicFile.move(aside, to: path)
    } catch {
      try? AtomicFile.remove(aside)
      throw (error as? FileError)?.toldOf(path, insteadOf: aside) ?? error
    }
  }
}

extension ModelRecipe.Pool {
  /// The operation that the recipe's word means.
  var pooling: Pooling {
    switch self {
    case .mean: .mean
    case .max: .max
    case .last: .last
    }
  }
}
