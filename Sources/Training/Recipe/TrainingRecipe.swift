import DataParallel

/// The section `training`: how long, from which seed, and what happens beside it.
public struct TrainingRecipe: Sendable, Equatable {
  /// When training ends.
  public enum Duration: Sendable, Equatable {
    /// After so many updates.
    case steps(Int)
    /// After each sequence was seen so many times.
    case epochs(Int)
  }

  /// When training ends, unless it is stopped before.
  public var duration: Duration
  /// The key of all randomness.
  public var seed: Int
  /// The classes whose sequences are trained on and validated; nil: all, unlabelled ones too.
  public var classes: [String]?
  /// Steps between validations; 0 for none.
  public var validateEvery: Int
  /// Steps between checkpoints; 0 for one at the end only.
  public var checkpointEvery: Int
  /// How many checkpoints are kept, beside the latest and the best.
  public var keep: Int
  /// When to stop before the end; nil for never.
  public var earlyStopping: EarlyStoppingRecipe?
  /// Whether gradients are reduced while backward goes on; it changes no bit.
  public var overlap: Bool
  /// How many steps in a row may be skipped because their loss or gradient is not finite; one more ends the job.
  public var maxSkippedSteps: Int
  /// Steps between comparisons of all ranks' weights and moments; 0 for none but those before checkpoints.
  public var verifyEvery: Int
  /// How long a rank may take.
  public var watchdog: WatchdogLimits
  /// Whether the run tells TensorBoard how it goes.
  public var tensorboard: Bool
  /// Steps between histograms of weights and gradients for TensorBoard; 0 for none.
  public var histogramsEvery: Int

  init(from reader: inout RecipeReader) throws(RecipeError) {
    let steps = try reader.optionalInteger("steps")
    // The steps of an epoch are known by making its order: more epochs than anybody trains would be counted for hours.
    let epochs = try reader.optionalInteger("epochs", in: 1...100_000)
    switch (steps, epochs) {
    case (let steps?, nil): duration = .steps(steps)
    case (nil, let epochs?): duration = .epochs(epochs)
    case (_?, _?): throw reader.error("epochs", "stands beside steps; say one of them")
    case (nil, nil): throw reader.missing("steps", expected: "steps or epochs, an integer not below 1")
    }
    seed = try reader.integer("seed", in: 0...Int.max, default: 1)
    classes = try reader.optionalTexts("classes")
    validateEvery = try reader.integer("validateEvery", in: 0...Int.max, default: 200)
    checkpointEvery = try reader.integer("checkpointEvery", in: 0...Int.max, default: 200)
    keep = try reader.integer("keep", default: 3)
    earlyStopping = try reader.optionalSection("earlyStopping", EarlyStoppingRecipe.init(from:))
    overlap = try reader.boolean("overlap", default: true)
    maxSkippedSteps = try reader.integer("maxSkippedSteps", in: 0...Int.max, default: 10)
    verifyEvery = try reader.integer("verifyEvery", in: 0...Int.max, default: 100)
    watchdog = try reader.sectionOrDefaults("watchdog", WatchdogLimits.init(from:))
    tensorboard = try reader.boolean("tensorboard", default: true)
    histogramsEvery = try reader.integer("histogramsEvery", in: 0...Int.max, default: 100)
    if earlyStopping != nil, validateEvery == 0 {
      throw reader.error("earlyStopping", "needs validation; set validateEvery above 0")
    }
  }

  func write(to writer: inout RecipeWriter) {
    switch duration {
    case .steps(let steps): writer.write("steps", steps)
    case .epochs(let epochs): writer.write("epochs", epochs)
    }
    writer.write("seed", seed)
    // Written only where it is said, so that recipes from before keep their identity.
    if let classes { writer.write("classes", classes) }
    writer.write("validateEvery", validateEvery)
    writer.write("checkpointEvery", checkpointEvery)
    writer.write("keep", keep)
    if let earlyStopping {
      writer.section("earlyStopping") { earlyStopping.write(to: &$0) }
    } else {
      writer.writeNull("earlyStopping")
    }
    writer.write("overlap", overlap)
    writer.write("maxSkippedSteps", maxSkippedSteps)
    writer.write("verifyEvery", verifyEvery)
    writer.section("watchdog") { watchdog.write(to: &$0) }
    writer.write("tensorboard", tensorboard)
    writer.write("histogramsEvery", histogramsEvery)
  }
}

/// The section `training.earlyStopping`: training ends when a validation metric no longer gets better.
public struct EarlyStoppingRecipe: Sendable, Equatable {
  /// What is watched.
  public enum Metric: String, CaseIterable, Sendable {
    /// The objective's loss; smaller is better.
    case loss
    /// The part of the sequences that is classified rightly; larger is better.
    case accuracy
    /// The mean of the classes' F1; larger is better.
    case macroF1
  }

  /// What is watched.
  public var metric: Metric
  /// How many validations may go by without getting better.
  public var patience: Int
  /// What does not count as better: a change of at most this.
  public var minimumChange: Double

  init(from reader: inout RecipeReader) throws(RecipeError) {
    metric = try reader.choice("metric", default: .loss)
    patience = try reader.integer("patience", default: 10)
    minimumChange = try reader.number("minimumChange", .notNegative, default: 0)
  }

  func write(to writer: inout RecipeWriter) {
    writer.write("metric", metric)
    writer.write("patience", patience)
    writer.write("minimumChange", minimumChange)
  }
}
