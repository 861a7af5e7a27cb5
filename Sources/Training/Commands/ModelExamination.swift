import Checkpoints
import DataParallel
import MessagePassing
import Networks
import PackedTensors
import SequenceData

/// What a trained model makes of a data set, for people to look at.
public struct ModelExamination: Sendable {
  /// Something that can be shown, or why not.
  public enum Part<Value: Sendable>: Sendable {
    case shown(Value)
    case leftOut(String)
  }

  /// How classes were told.
  public struct Classification: Sendable {
    /// The split that was evaluated.
    public var split: Split
    /// What came of it.
    public var report: ClassificationReport
  }

  /// Where sequences lie, as `lockstep embed` writes them.
  public struct Embeddings: Sendable {
    /// The split that they are of.
    public var split: Split
    /// The sequences.
    public var ids: [Int]
    /// How many the split has.
    public var of: Int
    /// Numbers of an embedding.
    public var width: Int
    /// `[ids, width]`.
    public var rows: [Float]
  }

  /// Which weights, for the user: "best checkpoint, step 400".
  public var choice: String
  /// How well it tells classes, where it has a head.
  public var classification: Part<Classification>
  /// Where it puts sequences.
  public var embeddings: Part<Embeddings>
  /// A few sequences, and what the model told of what was hidden.
  public var restored: Part<[RestoredSequence]>
}

extension ModelCommand {
  /// Looks at a model on one rank: evaluates it where it tells classes, embeds up to `mostEmbedded` sequences, and lets it
  /// tell what is hidden of `restored` ones.
  ///
  /// The split is the command's; without one it is the first of test, validation and train that has what is needed
  /// (classes are told of test or validation alone). Without a checkpoint named it is the best, else the latest, finished
  /// or not.
  /// - Throws: where there is no model, it is damaged, or it cannot read the data set; what else cannot be done is left
  ///   out with the reason.
  public func examine(mostEmbedded: Int, restored: Int) throws -> ModelExamination {
    var command = self
    let store = CheckpointStore(run: model)
    if checkpoint == nil {
      command.checkpoint =
        try store.step(of: .best) != nil ? "best" : store.step(of: .latest) != nil ? "latest" : nil
      if try command.checkpoint == nil && !store.steps().isEmpty { command.checkpoint = "latest" }
    }
    let loaded = try LoadedModel(command, .alone(), for: .embedding)
    return try loaded.build(
      for: ExaminingUser(loaded: loaded, split: split, mostEmbedded: mostEmbedded, restored: restored))
  }
}

private struct ExaminingUser: ModelUser {
  let loaded: LoadedModel
  let split: Split?
  let mostEmbedded, restored: Int

  func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> ModelExamination {
    try loaded.load(into: model.store)
    return ModelExamination(
      choice: loaded.choice, classification: part { try classification(model) },
      embeddings: part { try embeddings(model) }, restored: part { try restored(model) })
  }

  /// The sequences of the first split that has any.
  private func sequences(among splits: [Split], labelledOnly: Bool) throws -> (split: Split, ids: [Int]) {
    for candidate in split.map({ [$0] }) ?? splits {
      let ids = Selection.evaluated(loaded.dataset, split: candidate, labelledOnly: labelledOnly).ids
      if !ids.isEmpty { return (candidate, ids) }
    }
    let names = (split.map { [$0] } ?? splits).map(\.name).joined(separator: " nor ")
    throw TrainingError.data(
      "\(loaded.dataset.path): \(labelledOnly ? "no labelled sequence" : "no sequence") is in split \(names)")
  }

  private func classification<E: Encoder, O: Objective>(
    _ model: Model<E, O>
  ) throws -> ModelExamination.Classification {
    guard let evaluator = loaded.evaluator(model) as? Evaluator<E, Classify> else {
      throw TrainingError.usage("the run is a pretraining: its model has no head that tells classes")
    }
    let (split, _) = try sequences(among: [.test, .validation], labelledOnly: true)
    let ids = try loaded.chosen(split, labelledOnly: true)
    return .init(
      split: split, report: try evaluator.classification(ids, classes: loaded.description.classes))
  }

  private func embeddings<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> ModelExamination.Embeddings {
    let (split, all) = try sequences(among: [.test, .validation, .train], labelledOnly: false)
    let ids = all.spread(mostEmbedded)
    let rows = try loaded.evaluator(model).embeddings(ids, pooling: loaded.recipe.pool.pooling)
    return .init(split: split, ids: ids, of: all.count, width: model.encoder.width, rows: rows)
  }

  private func restored<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> [RestoredSequence] {
    let (_, all) = try sequences(among: [.test, .validation, .train], labelledOnly: false)
    let ids = all.spread(restored)
    let members: [any Objective] = (model.objective as? Combined)?.members.map(\.objective) ?? [model.objective]
    if let masked = members.lazy.compactMap({ $0 as? Masked }).first {
      return try loaded.evaluator(model.with(masked)).hiddenSequences(ids, seed: 1)
    }
    if let autoencoder = members.lazy.compactMap({ $0 as? Autoencode }).first {
      return try loaded.evaluator(model.with(autoencoder)).restoredSequences(ids, seed: 1)
    }
    throw TrainingError.usage("the run's objective hides nothing that its model would tell")
  }

  private func part<Value>(_ body: () throws -> Value) -> ModelExamination.Part<Value> {
    do { return .shown(try body()) } catch { return .leftOut("\(error)") }
  }
}

extension Model {
  /// The same weights and encoder under another objective, whose parameters are among them.
  fileprivate func with<P: Objective>(_ other: P) -> Model<E, P> {
    Model<E, P>(store: store, encoder: encoder, objective: other, isEncoderFrozen: isEncoderFrozen)
  }
}

extension Array {
  /// At most `count` elements, evenly spread over the array.
  fileprivate func spread(_ most: Int) -> [Element] {
    guard count > most else { return self }
    return (0..<most).map { self[$0 * count / most] }
  }
}
