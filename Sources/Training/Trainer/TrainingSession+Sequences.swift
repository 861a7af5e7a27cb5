import SequenceData

extension TrainingSession {
  /// Looks whether an objective can use the sequences that are trained on and validated.
  /// - Throws: ``TrainingError`` naming a sequence that is too short, or a validation that would tell nothing.
  func refuseSequences(validated: [Int], for objective: some Objective) throws {
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
