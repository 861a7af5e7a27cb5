import Networks
import SequenceData

/// Rounds of pseudo-labelling: a classifier guesses labels on its way and goes on with them (Lee 2013, "Pseudo-label").
extension Trainer {
  /// How labels are guessed; nil where they are not.
  var pseudoLabels: PseudoLabelRecipe? { (session.recipe.objective as? ClassifyRecipe)?.pseudoLabels }

  /// The first step behind those that are trained with the labels of now.
  var endOfStage: Int {
    pseudoLabels?.beginnings(of: totalSteps).first { $0 > state.step } ?? totalSteps
  }

  /// Where a round begins at this step: guesses the labels of all training sequences that have none here, takes those
  /// that the teacher is sure of, and goes on with them. Collective; every rank guesses alike.
  /// - Parameter epoch: of the step before.
  /// - Returns: whether other sequences are trained with from now on.
  func guessLabels(after epoch: Int) throws -> Bool {
    guard let pseudoLabels, let before = pseudoLabels.beginnings(of: totalSteps).firstIndex(of: state.step),
      let teacher = evaluator(of: runner.average?.store ?? model.store) as? Evaluator<E, Classify>
    else { return false }
    let guesses = try teacher.guesses(session.sequencesToGuess)
    let (round, chosen) = (
      before + 1, guesses.chosen(threshold: pseudoLabels.threshold, perClass: pseudoLabels.perClass)
    )
    state.guesses = GuessedLabels(
      round: round, step: state.step, epoch: epoch + 1, weight: Float(pseudoLabels.weight), ids: chosen.map(\.id),
      classes: chosen.map(\.label))
    let row = PseudoLabelMetricsRow(
      step: state.step, epoch: epoch, round: round, candidates: guesses.count, guesses: chosen,
      of: session.dataset)
    try record?.add(row)
    progress.say("round \(round) at step \(state.step): \(row.text)")
    try takeGuesses()
    return true
  }

  /// Plans with the sequences whose labels were guessed.
  func takeGuesses() throws {
    plans = EpochPlans(session, guesses: state.guesses, cost: model.cost, computed: model.computed)
    (state.epoch, state.stepOfEpoch) = plans.locate(state.step)
  }
}

extension TrainingSession {
  /// The training sequences whose label is not used: those that have none, and those that the choice of labels left out.
  var sequencesToGuess: [Int] {
    let labelled = Set(selection.ids)
    return (0..<dataset.count).filter { dataset.split(of: $0) == .train && !labelled.contains($0) }
  }
}

/// One line of metrics.jsonl for a round of pseudo-labelling.
struct PseudoLabelMetricsRow: Encodable {
  var kind = "pseudoLabels"
  var step, epoch, round: Int
  /// Sequences whose label was to be guessed, and those whose guess was taken.
  var candidates, sequences: Int
  /// Those that were taken, of each class.
  var perClass: [Int]
  /// How many of them the data set has a label for, and the share of these that was guessed rightly.
  var known: Int
  var accuracy: Double?

  init(step: Int, epoch: Int, round: Int, candidates: Int, guesses: [ClassGuess], of dataset: SequenceDataset) {
    (self.step, self.epoch, self.round, self.candidates) = (step, epoch, round, candidates)
    sequences = guesses.count
    perClass = dataset.classes.indices.map { label in guesses.count { $0.label == label } }
    let truths = guesses.compactMap { guess in dataset.label(of: guess.id).map { $0 == guess.label } }
    known = truths.count
    accuracy = truths.isEmpty ? nil : Double(truths.count { $0 }) / Double(truths.count)
  }

  /// For the user.
  var text: String {
    let rightly = accuracy.map { ", \(ProgressText.percent($0)) of \(known) known ones rightly" } ?? ""
    return "\(sequences) of \(Counted.text(candidates, "label")) guessed\(rightly)"
  }
}
