/// The section `objective.pseudoLabels` of a classifier: after a stage of training the training sequences without a label
/// get the class that the model is sure of, and training goes on with both (Lee 2013).
public struct PseudoLabelRecipe: Sendable, Equatable {
  /// Whose classes are taken.
  public enum Teacher: String, CaseIterable, Sendable {
    /// The model as it stands when the round begins, for the whole round.
    case fixed
    /// The moving average of the weights up to then (Tarvainen and Valpola 2017).
    case average
  }

  /// How often labels are guessed; the training's steps are divided evenly over one stage before and one after each.
  public var rounds: Int
  /// The least probability of a class that is taken.
  public var threshold: Double
  /// The most sequences of a class that are taken, those of the highest probability; none: all.
  public var perClass: Int?
  /// By what the loss of a guessed sequence is multiplied.
  public var weight: Double
  /// Whose classes are taken.
  public var teacher: Teacher
  /// The share of the average that stays at each step.
  public var decay: Double

  /// Reads the section.
  init(from reader: inout RecipeReader) throws(RecipeError) {
    rounds = try reader.integer("rounds", in: 1...1000, default: 1)
    threshold = try reader.number("threshold", .part, default: 0.95)
    perClass = try reader.optionalInteger("perClass")
    weight = try reader.number("weight", .positive, default: 1)
    teacher = try reader.choice("teacher", default: .fixed)
    if teacher == .fixed, try reader.optionalNumber("decay", .belowOne) != nil {
      throw reader.error("decay", "a fixed teacher is no average; use teacher: average, or leave it out")
    }
    decay = try teacher == .fixed ? 0 : reader.number("decay", .belowOne, default: 0.99)
  }

  /// Writes what `init(from:)` reads.
  func write(to writer: inout RecipeWriter) {
    writer.write("rounds", rounds)
    writer.write("threshold", threshold)
    if let perClass { writer.write("perClass", perClass) }
    writer.write("weight", weight)
    writer.write("teacher", teacher)
    if teacher == .average { writer.write("decay", decay) }
  }

  /// How many steps of all are done when each round begins, ascending.
  func beginnings(of total: Int) -> [Int] { (1...rounds).map { total * $0 / (rounds + 1) } }

  /// The stages must be known, and have steps.
  func conflict(with training: TrainingRecipe) -> RecipeConflict? {
    guard case .steps(let steps) = training.duration else {
      return RecipeConflict(
        key: "pseudoLabels",
        reason:
          "needs training.steps in place of epochs: how long an epoch is depends on how many labels will be guessed")
    }
    guard steps > rounds else {
      return RecipeConflict(
        key: "pseudoLabels.rounds",
        reason:
          "\(rounds) rounds and the stage before them need more than training.steps, \(steps): fewer, or more steps")
    }
    guard training.earlyStopping == nil else {
      return RecipeConflict(
        key: "pseudoLabels",
        reason: "training.earlyStopping could end the training before the last round: leave it out")
    }
    guard training.classes == nil else {
      return RecipeConflict(
        key: "pseudoLabels",
        reason: "whether a sequence without a label is of training.classes is not known: leave one of them out")
    }
    return nil
  }
}
