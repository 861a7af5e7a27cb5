import ArrayFiles
import Checkpoints
import DataParallel
import MessagePassing
import Networks
import PackedTensors
import SequenceData

/// A saved model, read by rank 0, and the data set that it is used on, read by every rank and found equal on all.
struct LoadedModel {
  let communicator: Communicator
  let agreement: Agreement
  let dataset: SequenceDataset
  /// The form of the data that it was made for.
  let description: DataDescription
  private let weights: UsedWeights
  private let watchdog: Watchdog
  private let normalisation: InputNormalisation

  /// Which weights, for the user.
  var choice: String { weights.choice }
  /// The classes that its training was confined to; nil: to none, or a training that tells nothing of it.
  var trainedClasses: [String]? { weights.classes }
  /// Section `model` of the recipe that built it.
  var recipe: ModelRecipe { weights.recipe }

  /// - Parameters:
  ///   - use: what the model must be able to do.
  ///   - output: the file that will be written, if any.
  ///   - folder: the new folder that will be written, if any.
  init(
    _ command: ModelCommand, _ communicator: Communicator, for use: ModelUse, output: String? = nil,
    folder: String? = nil
  ) throws {
    self.communicator = communicator
    watchdog = try ComputeEnvironment.prepare(communicator, threads: command.threads)
    let agreement = Agreement(communicator: communicator)
    self.agreement = agreement
    _ = try agreement.fromFirstRank(exitCode: TrainingError.exitCode) {
      if let output { try OutputPlace.check(file: output) }
      if let folder { try OutputPlace.check(emptyFolder: folder) }
      return []
    }
    let weights = try UsedWeights.load(command, for: use, agreement, communicator)
    let dataset = try agreement.together(exitCode: TrainingError.exitCode) {
      let dataset = try SequenceDataset(at: command.data)
      try weights.input.check(dataset, readsCategories: weights.recipe.input.kind == .categories)
      return dataset
    }
    try agreement.requireSame(dataset.fingerprint, of: "The data set \(command.data)")
    (self.weights, self.dataset) = (weights, dataset)
    description = weights.input.data
    normalisation = weights.input.normalisation(weights.recipe.input.normalise)
    if communicator.rank == 0 { Progress(total: 0, isSilent: false).say("\(command.model): \(weights.choice)") }
  }

  /// Builds the model for `user`. An encoder without an objective gets the one without parameters of its own.
  func build<User: ModelUser>(for user: User) throws -> User.Result {
    try ModelBuilder.build(
      recipe, objective: weights.objective ?? EncoderOnlyRecipe(), precision: weights.precision, data: description,
      seed: 0, isEncoderFrozen: true, for: user)
  }

  /// Sets the weights.
  func load(into store: ParameterStore) throws {
    try TrainingError.alike { try store.load(weights.tensors, source: weights.source) }
  }

  /// Runs the model on this data set.
  func evaluator<E: Encoder, O: Objective>(_ model: Model<E, O>) -> Evaluator<E, O> {
    Evaluator(
      model: model, dataset: dataset, normalisation: normalisation, communicator: communicator,
      classes: description.classes)
  }

  /// The sequences of a split, or all; of those with a label, where labels are what is asked for, the model must know
  /// the class.
  func chosen(_ split: Split?, labelledOnly: Bool) throws -> [Int] {
    let selection = Selection.evaluated(dataset, split: split, labelledOnly: labelledOnly)
    try agreement.requireSame(selection.digest, of: "The choice of sequences (--split)")
    guard !selection.ids.isEmpty else {
      throw TrainingError.data(
        "\(dataset.path): split \(split?.name ?? "all") "
          + (labelledOnly ? "has no labelled sequence; nothing to evaluate" : "holds no sequence"))
    }
    if labelledOnly {
      try TrainingError.alike { try ModelLabels(dataset, classes: description.classes).check(selection.ids) }
    }
    return selection.ids
  }

  /// Does `work` on some sequences while the shards that hold them are compared with their digests, where the data set
  /// is sealed; then `write` writes on rank 0 what came of it. An error of any rank is every rank's, and nothing is
  /// written then.
  func run<Result>(_ ids: [Int], _ work: () throws -> Result, write: (Result) throws -> Void) throws -> Result {
    let seal = SealCheck(dataset, shards: dataset.shards(of: ids), rank: communicator.rank, ranks: communicator.size)
    let result = try work()
    try agreement.together(exitCode: TrainingError.exitCode) {
      try seal.check(waiting: true, communicator.activity)
    }
    _ = try agreement.fromFirstRank(exitCode: TrainingError.exitCode) {
      try write(result)
      return []
    }
    return result
  }
}
