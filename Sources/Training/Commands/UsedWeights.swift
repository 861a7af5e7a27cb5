import ArrayFiles
import Checkpoints
import DataParallel
import MessagePassing
import PackedTensors
import SequenceData

/// The weights that a command uses, and what they need to be used: of a run's checkpoint, or of an encoder alone.
struct UsedWeights {
  let tensors: [NamedTensor]
  /// Section `model` of the recipe that built it.
  let recipe: ModelRecipe
  /// What convolutions and linear layers multiply, as in its training.
  let precision: Precision
  /// How the model reads.
  let input: InputDescription
  /// Which weights, for the user.
  let choice: String
  /// Where they come from.
  let source: String
  /// What stands on the encoder; none where only the encoder was saved.
  let objective: (any ObjectiveRecipe)?
  /// `training.classes` of the recipe; nil: none named, or only the encoder was saved.
  let classes: [String]?

  /// What is told of the tensors.
  private struct Description: Codable {
    /// Section `model` of the recipe.
    var model: String
    /// The whole recipe, where a whole model was saved.
    var recipe: String?
    var precision: Precision
    var input: InputDescription
    var choice: String
  }

  /// Reads them on rank 0; every rank gets them.
  /// - Parameter use: what the model must be able to do.
  static func load(
    _ command: ModelCommand, for use: ModelUse, _ agreement: Agreement, _ communicator: Communicator
  ) throws -> UsedWeights {
    try agreement.requireSame("\(command.model) \(command.checkpoint ?? "")", of: "The model (--model, --checkpoint)")
    let shared = try SharedTensors<Description>(agreement, communicator) {
      try read(command, for: use)
    }
    let description = shared.description
    let recipe = try description.recipe.map { try Recipe(yaml: $0, name: command.model) }
    return UsedWeights(
      tensors: shared.tensors, recipe: try ModelRecipe(yaml: description.model, name: command.model),
      precision: description.precision, input: description.input, choice: description.choice, source: command.model,
      objective: recipe?.objective, classes: recipe?.training.classes)
  }

  private static func read(
    _ command: ModelCommand, for use: ModelUse
  ) throws -> (tensors: [NamedTensor], description: Description) {
    if use == .embedding && command.checkpoint == nil && !AtomicFile.exists(command.model + "/checkpoints") {
      let (tensors, encoder) = try EncoderFolder.locate(command.model).read(EncoderDescription.self)
      let named = tensors.map { NamedTensor(name: "encoder." + $0.name, shape: $0.shape, elements: $0.elements) }
      return (
        named,
        Description(
          model: encoder.recipe, precision: encoder.precision ?? .float32, input: encoder.data,
          choice: "encoder of step \(encoder.step)")
      )
    }
    let saved = try SavedModel.open(command.model, checkpoint: command.checkpoint)
    try use.check(saved.recipe.objective, of: command.model)
    return (
      saved.tensors,
      Description(
        model: saved.recipe.model.resolvedYAML, recipe: saved.recipe.resolvedYAML, precision: saved.recipe.precision,
        input: saved.state.input, choice: saved.choice)
    )
  }
}
