import SequenceData

/// What a training command was asked to do.
public struct TrainingJob: Sendable {
  /// The command.
  public enum Command: String, Sendable, Codable {
    /// Without labels; publishes an encoder.
    case pretrain
    /// With labels, from scratch.
    case train
    /// With labels, from a pretrained encoder.
    case finetune
  }

  /// What to do where RUN holds something already.
  public enum Resume: Sendable, Equatable {
    /// Go on where it stands.
    case auto
    /// Refuse.
    case never
    /// Go on from this checkpoint.
    case from(String)
  }

  /// The command.
  public var command: Command
  /// Path of the recipe.
  public var recipe: String
  /// `key.path=value`, in order.
  public var overrides: [String] = []
  /// Folder of the data set.
  public var data: String
  /// Folder of the run.
  public var out: String
  /// What to do where the run's folder is not empty.
  public var resume = Resume.auto
  /// Step at which to behave as if asked to stop.
  public var stopAfter: Int?
  /// Compute threads of each rank.
  public var threads = 1
  /// The commit that the program was built from; none where nobody knows.
  public var commit: String?
  /// Which steps are traced; none: the run keeps no trace.
  public var trace: TraceRequest?
  /// Run or folder of the pretrained encoder.
  public var encoder: String?
  /// Which checkpoint of an unfinished run the encoder comes from.
  public var encoderCheckpoint: String?
  /// Whether the encoder stays frozen.
  public var isProbe = false
  /// Which labels are used.
  public var labels = LabelPart.all
  /// Share of the sequences used for pretraining.
  public var dataFraction = 1.0
  /// Splits used for pretraining.
  public var includeSplits: Set<Split> = [.train]

  /// A job with defaults for all that is optional.
  public init(_ command: Command, recipe: String, data: String, out: String) {
    self.command = command
    self.recipe = recipe
    self.data = data
    self.out = out
  }

  /// The recipe of this text with overrides applied: train and finetune always classify, so another objective gives way to
  /// `classify`.
  func resolvedRecipe(_ text: String) throws -> Recipe {
    var recipe = try Recipe(yaml: text, name: self.recipe, overrides: overrides)
    switch command {
    case .pretrain:
      guard recipe.objective.isSelfSupervised else {
        let kind = type(of: recipe.objective).kind
        throw TrainingError.usage(
          "\(self.recipe): objective.kind: \(kind) needs labels; pretrain with masked or next (--set objective.kind=masked), or use lockstep train"
        )
      }
    case .train, .finetune:
      if recipe.objective.isSelfSupervised { recipe.objective = ClassifyRecipe() }
    }
    return recipe
  }
}
