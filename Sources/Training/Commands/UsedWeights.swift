import ArrayFiles
import Checkpoints
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

  /// Reads them.
  /// - Parameter needsClassifier: whether an encoder alone, or one under another objective, will not do.
  init(_ command: ModelCommand, needsClassifier: Bool) throws {
    source = command.model
    if !needsClassifier && command.checkpoint == nil && !AtomicFile.exists(command.model + "/checkpoints") {
      let (tensors, configuration) = try EncoderFolder.locate(command.model).read(EncoderDescription.self)
      self.tensors = tensors.map { NamedTensor(name: "encoder." + $0.name, shape: $0.shape, elements: $0.elements) }
      recipe = try ModelRecipe(yaml: configuration.recipe, name: command.model)
      precision = configuration.precision ?? .float32
      input = configuration.data
      choice = "encoder of step \(configuration.step)"
      objective = nil
    } else {
      let saved = try SavedModel.open(command.model, checkpoint: command.checkpoint)
      guard saved.recipe.objective is ClassifyRecipe || !needsClassifier else {
        throw TrainingError.usage(
          "\(command.model): is a pretraining and tells no classes; fine-tune it first (lockstep finetune --encoder \(command.model))"
        )
      }
      tensors = saved.tensors
      recipe = saved.recipe.model
      precision = saved.recipe.precision
      input = saved.state.input
      choice = saved.choice
      objective = saved.recipe.objective
    }
  }

  /// SHA-256 of all that a result depends on.
  var digest: String {
    var stream = Checksum.Stream()
    func add(_ text: String) { Array((text + "\n").utf8).withUnsafeBytes { stream.update($0) } }
    add(recipe.resolvedYAML)
    add(precision.rawValue)
    add(String(decoding: StableJSON.encode(input), as: UTF8.self))
    for tensor in tensors {
      add("\(tensor.name) \(tensor.shape)")
      switch tensor.elements {
      case .float32(let values): values.withUnsafeBytes { stream.update($0) }
      case .int64(let values): values.withUnsafeBytes { stream.update($0) }
      case .float64(let values): values.withUnsafeBytes { stream.update($0) }
      }
    }
    return stream.finalize()
  }
}
