import Networks

/// `objective: {kind: classify}`: cross-entropy of a linear head on the pooled embedding.
public struct ClassifyRecipe: ObjectiveRecipe, Equatable {
  /// The probability that is taken from the true class and spread evenly over all of them.
  public var labelSmoothing: Double
  /// How what is trained on differs from the sequences; none: not at all.
  public var augment: AugmentRecipe?
  /// How sequences without a label get one; none: they are left out.
  public var pseudoLabels: PseudoLabelRecipe?

  /// The word under `kind`.
  public static let kind = "classify"
  /// It needs labels.
  public var isSelfSupervised: Bool { false }

  /// Classification, without smoothing unless told otherwise.
  public init(labelSmoothing: Double = 0) { self.labelSmoothing = labelSmoothing }

  /// Reads all keys.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    labelSmoothing = try reader.number("labelSmoothing", .belowOne, default: 0)
    augment = try reader.optionalSection("augment", AugmentRecipe.init(from:))
    pseudoLabels = try reader.optionalSection("pseudoLabels", PseudoLabelRecipe.init(from:))
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) {
    writer.write("labelSmoothing", labelSmoothing)
    if let augment { writer.section("augment") { augment.write(to: &$0) } }
    if let pseudoLabels { writer.section("pseudoLabels") { pseudoLabels.write(to: &$0) } }
  }

  /// Without `augment` it goes with every model.
  public func conflict(with model: ModelRecipe, _ batch: BatchRecipe) -> RecipeConflict? {
    augment?.conflict(with: model)
  }

  /// Rounds of guessing divide the training's steps.
  public func conflict(with training: TrainingRecipe) -> RecipeConflict? { pseudoLabels?.conflict(with: training) }
}

extension ClassifyRecipe {
  /// A head of pooling and a linear layer, registered under `head`.
  public func makeObjective(_ context: ModelContext, encoder: some Encoder) throws -> any Objective {
    guard context.data.classes.count >= 2 else {
      throw TrainingError.usage(
        "the data set names \(context.data.classes.count) classes; classification needs at least two, listed under \"classes\" in dataset.json"
      )
    }
    return Classify(
      head: ClassificationHead(
        "head", width: encoder.width, classes: context.data.classes.count, pooling: context.recipe.pool.pooling,
        dropout: context.recipe.dropout, in: context.store), drawing: augment?.drawing, smoothing: labelSmoothing,
      averageDecay: pseudoLabels.flatMap { $0.teacher == .average ? $0.decay : nil })
  }
}
