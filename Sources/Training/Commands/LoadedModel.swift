import ArrayFiles
import Checkpoints
import DataParallel
import MessagePassing
import Networks
import PackedTensors
import SequenceData

/// A saved model and the data set that it is used on, read by every rank.
struct LoadedModel {
  let communicator: Communicator
  let dataset: SequenceDataset
  /// Section `model` of the recipe that built it.
  let recipe: ModelRecipe
  /// The form of the data that it was made for.
  let description: DataDescription
  /// Which weights, for the user.
  let choice: String
  private let source: String
  private let watchdog: Watchdog
  private let tensors: [NamedTensor]
  private let normalisation: InputNormalisation
  /// What stands on the encoder; none where only the encoder was saved.
  private let objective: (any ObjectiveRecipe)?

  /// - Parameter needsClassifier: whether an encoder alone, or one under another objective, will not do.
  init(_ command: ModelCommand, _ communicator: Communicator, needsClassifier: Bool) throws {
    self.communicator = communicator
    watchdog = try ComputeEnvironment.prepare(communicator, threads: command.threads)
    source = command.model
    let agreement = Agreement(communicator: communicator)
    let input: InputDescription
    let isEncoderFolder =
      !needsClassifier && command.checkpoint == nil && !AtomicFile.exists(command.model + "/recipe.yaml")
    if isEncoderFolder {
      let (tensors, configuration) = try agreement.together(exitCode: TrainingError.exitCode) {
        try EncoderFolder.locate(command.model).read(EncoderDescription.self)
      }
      self.tensors = tensors.map { NamedTensor(name: "encoder." + $0.name, shape: $0.shape, elements: $0.elements) }
      recipe = try TrainingError.alike { try ModelRecipe(yaml: configuration.recipe, name: command.model) }
      input = configuration.data
      choice = "encoder of step \(configuration.step)"
      objective = nil
    } else {
      let saved = try agreement.together(exitCode: TrainingError.exitCode) {
        try SavedModel.open(command.model, checkpoint: command.checkpoint)
      }
      guard saved.recipe.objective is ClassifyRecipe || !needsClassifier else {
        throw TrainingError.usage(
          "\(command.model): is a pretraining and tells no classes; fine-tune it first (lockstep finetune --encoder \(command.model))"
        )
      }
      tensors = saved.tensors
      recipe = saved.recipe.model
      input = saved.state.input
      choice = saved.choice
      objective = saved.recipe.objective
    }
    description = input.data
    normalisation = input.normalisation(recipe.input.normalise)
    dataset = try agreement.together(exitCode: TrainingError.exitCode) { try SequenceDataset(at: command.data) }
    try TrainingError.alike { [dataset, recipe] in
      try input.check(dataset, readsCategories: recipe.input.kind == .categories)
    }
    if communicator.rank == 0 { Progress(total: 0, isSilent: false).say("\(command.model): \(choice)") }
  }

  /// Builds the model for `user`. An encoder without an objective gets the one without parameters of its own.
  func build<User: ModelUser>(for user: User) throws -> User.Result {
    try ModelBuilder.build(
      recipe, objective: objective ?? EncoderOnlyRecipe(), data: description, seed: 0, isEncoderFrozen: true, for: user)
  }

  /// Sets the weights.
  func load(into store: ParameterStore) throws {
    try TrainingError.alike { try store.load(tensors, source: source) }
  }

  /// Runs the model on this data set.
  func evaluator<E: Encoder, O: Objective>(_ model: Model<E, O>) -> Evaluator<E, O> {
    Evaluator(model: model, dataset: dataset, normalisation: normalisation, communicator: communicator)
  }

  /// All sequences, or those of a split.
  func chosen(_ split: Split?) throws -> [Int] {
    let ids = Selection.evaluated(dataset, split: split, labelledOnly: false).ids
    guard !ids.isEmpty else {
      throw TrainingError.data("\(dataset.path): split \(split?.name ?? "all") holds no sequence")
    }
    return ids
  }
}
