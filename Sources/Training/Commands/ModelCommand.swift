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
  /// - Parameters:
  ///   - json: the file that the report is written to, if any.
  ///   - show: is given the report on rank 0, before it is written.
  public func evaluate(
    json: String?, _ communicator: Communicator, show: (ClassificationReport) -> Void
  ) throws {
    let loaded = try LoadedModel(self, communicator, for: .classes, output: json)
    let ids = try loaded.chosen(split, labelledOnly: true)
    let user = EvaluateUser(loaded: loaded, ids: ids)
    _ = try loaded.run(ids, { try loaded.build(for: user) }) { report in
      show(report)
      if let json { try report.write(to: json) }
    }
  }

  /// Class probabilities of the split's sequences as CSV: `id,class,p_0,…`, a line a sequence, and at its end the
  /// sequence's name where the data set has names.
  public func predict(to path: String, _ communicator: Communicator) throws {
    let loaded = try LoadedModel(self, communicator, for: .classes, output: path)
    let ids = try loaded.chosen(split, labelledOnly: false)
    let user = PredictUser(loaded: loaded, ids: ids)
    _ = try loaded.run(ids, { try loaded.build(for: user) }) { try AtomicFile.write($0, to: path) }
  }

  /// Pooled embeddings of the split's sequences as a float32 array `[n, width]`.
  public func embed(to path: String, _ communicator: Communicator) throws {
    let loaded = try LoadedModel(self, communicator, for: .embedding, output: path)
    let ids = try loaded.chosen(split, labelledOnly: false)
    let user = EmbedUser(loaded: loaded, ids: ids, path: path)
    do {
      _ = try loaded.run(ids, { try loaded.build(for: user) }) { writer in
        try user.told {
          try writer?.close()
          try AtomicFile.move(user.aside, to: path)
        }
      }
    } catch {
      if communicator.rank == 0 { try? AtomicFile.remove(user.aside) }
      throw error
    }
  }

  /// Sequences that are gathered to rank 0 at once.
  static let chunk = 8192

  /// Visits ids in parts of at most ``chunk``.
  static func forEachChunk(of ids: [Int], _ body: ([Int]) throws -> Void) throws {
    for first in stride(from: 0, to: ids.count, by: chunk) {
      try body(Array(ids[first..<min(first + chunk, ids.count)]))
    }
  }
}

private struct EvaluateUser: ModelUser {
  let loaded: LoadedModel
  let ids: [Int]

  func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> ClassificationReport {
    try loaded.load(into: model.store)
    guard let evaluator = loaded.evaluator(model) as? Evaluator<E, Classify> else {
      preconditionFailure("a classifier was built")
    }
    return try evaluator.classification(ids, classes: loaded.description.classes)
  }
}

private struct PredictUser: ModelUser {
  let loaded: LoadedModel
  let ids: [Int]

  func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> String {
    try loaded.load(into: model.store)
    guard let evaluator = loaded.evaluator(model) as? Evaluator<E, Classify> else {
      preconditionFailure("a classifier was built")
    }
    let classes = loaded.description.classes
    let names = SequenceNames(loaded.dataset)
    var text = "id,class," + classes.indices.map { "p_\($0)" }.joined(separator: ",")
    text += names == nil ? "\n" : ",name\n"
    try ModelCommand.forEachChunk(of: ids) { part in
      let p = try evaluator.probabilities(part, classes: classes.count)
      guard loaded.communicator.rank == 0 else { return }
      for (index, id) in part.enumerated() {
        let row = p[index * classes.count..<(index + 1) * classes.count]
        let best = row.indices.reduce(row.startIndex) { row[$1] > row[$0] ? $1 : $0 } - row.startIndex
        text += "\(id),\(CSV.field(classes[best])),\(row.map { "\($0)" }.joined(separator: ","))"
        if let names { text += "," + CSV.field(names.name(of: id)) }
        text += "\n"
      }
    }
    return text
  }
}

private struct EmbedUser: ModelUser {
  let loaded: LoadedModel
  let ids: [Int]
  let path: String
  /// Where the file is written until it is whole.
  var aside: String { AtomicFile.temporaryPath(for: path) }

  /// Runs `body`, whose file errors are told of the file that was meant.
  func told(_ body: () throws -> Void) throws {
    do { try body() } catch let error as FileError { throw error.toldOf(path, insteadOf: aside) }
  }

  /// Writes all rows on rank 0; the writer is still to be closed.
  func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> NPYWriter? {
    try loaded.load(into: model.store)
    let evaluator = loaded.evaluator(model)
    let pooling = loaded.recipe.pool.pooling
    func onFirstRank(_ body: () throws -> Void) throws {
      try loaded.agreement.together(exitCode: TrainingError.exitCode) {
        if loaded.communicator.rank == 0 { try told(body) }
      }
    }
    var writer: NPYWriter?
    try onFirstRank { writer = try NPYWriter(at: aside, element: .float32, rowShape: [model.encoder.width]) }
    try ModelCommand.forEachChunk(of: ids) { part in
      let rows = try evaluator.embeddings(part, pooling: pooling)
      try onFirstRank { try writer?.append(rows) }
    }
    return writer
  }
}

extension ModelRecipe.Pool {
  /// The operation that the recipe's word means.
  public var pooling: Pooling {
    switch self {
    case .mean: .mean
    case .max: .max
    case .last: .last
    }
  }
}
