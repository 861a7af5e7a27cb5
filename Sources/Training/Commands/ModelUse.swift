/// What a command asks of a model.
enum ModelUse: Equatable {
  /// Embeddings: an encoder alone will do.
  case embedding
  /// Classes.
  case classes
  /// The input told again; `otherwise` says what else could be done.
  case reconstruction(otherwise: String = "")
  /// Sequences made from nothing.
  case generation

  /// Checks that a run's objective can do it.
  /// - Throws: a usage error (64) that says what to train instead.
  func check(_ objective: some ObjectiveRecipe, of run: String) throws {
    switch self {
    case .embedding: return
    case .classes:
      guard objective is ClassifyRecipe else {
        throw TrainingError.usage(
          "\(run): is a pretraining and tells no classes; fine-tune it first (lockstep finetune --encoder \(run))")
      }
    case .reconstruction(let otherwise):
      guard objective is AutoencodeRecipe || objective is DenoiseRecipe else {
        throw TrainingError.usage(
          "\(run): was trained with objective.kind: \(type(of: objective).kind), which does not tell the input again; pretrain with kind: autoencode or denoise\(otherwise)"
        )
      }
    case .generation:
      guard objective is AdversarialRecipe else {
        throw TrainingError.usage(
          "\(run): was trained with objective.kind: \(type(of: objective).kind), which makes no sequences; pretrain with kind: adversarial"
        )
      }
    }
  }
}
