import SequenceData

extension TrainingSession {
  /// Looks whether an objective can use the sequences that are trained on and validated.
  /// - Parameter plan: of the first epoch.
  /// - Throws: ``TrainingError`` naming a sequence that is too short, or a validation, steps or rounds that would tell
  ///   nothing.
  func refuseSequences(validated: [Int], for objective: some Objective, _ plan: Plan) throws {
    if let classify = recipe.objective as? ClassifyRecipe, classify.pseudoLabels != nil, sequencesToGuess.isEmpty {
      throw TrainingError.usage(
        "objective.pseudoLabels: the label of every training sequence is used, so that none is left to be guessed: use fewer labels (--label-fraction, --label-groups), or leave pseudoLabels out"
      )
    }
    if objective.needsOthers, (0..<plan.steps).allSatisfy({ plan.step($0).sequences < 2 }) {
      let kind = type(of: recipe.objective).kind
      let lengths = selection.ids.map(dataset.length(of:)).sorted()
      guard recipe.batch.sequences > 1 else {
        throw TrainingError.usage("batch.sequences: 1 leaves \(kind) nothing to compare with: 2 or more")
      }
      throw TrainingError.usage(
        lengths.count < 2
          ? "objective.kind: \(kind) tells sequences from one another, and the training has one: more of them"
          : "batch.timesteps: each step of \(recipe.batch.timesteps) has one sequence, which \(kind) has nothing to compare with: \(lengths.suffix(2).reduce(0, +)) or more"
      )
    }
    if objective.comparedSequences != nil && validated.count == 1 {
      throw TrainingError.usage(
        "training.validateEvery: the validation split has one sequence, which \(type(of: recipe.objective).kind) has nothing to compare with: more of them, or 0"
      )
    }
    guard let shortest = objective.shortestSequence else { return }
    let lengths = (selection.ids + validated).map { (id: $0, length: dataset.length(of: $0)) }
    guard let found = lengths.min(by: { ($0.length, $0.id) < ($1.length, $1.id) }), found.length < shortest.timesteps
    else { return }
    throw TrainingError.usage(
      "\(shortest.key): \(shortest.timesteps) is more than sequence \(found.id) has, \(Counted.text(found.length, "timestep")): a smaller number, or data without such sequences"
    )
  }
}
