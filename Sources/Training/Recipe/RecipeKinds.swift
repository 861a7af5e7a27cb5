import Synchronization

/// What a recipe may choose from: one line a kind, and what a program of one's own has added.
public enum RecipeKinds {
  /// Lets recipes choose an encoder of the calling program's own, in training and wherever its runs are read again.
  ///
  /// To be called before any recipe is read, on every rank alike.
  /// - Precondition: no encoder of this kind is there.
  public static func add(encoder: any EncoderRecipe.Type) {
    precondition(!encoders.contains { $0.kind == encoder.kind }, "there is an encoder of kind \(encoder.kind) already")
    added.withLock { $0.encoders.append(encoder) }
  }

  /// Lets recipes choose an objective of the calling program's own, as ``add(encoder:)`` does.
  public static func add(objective: any ObjectiveRecipe.Type) {
    precondition(
      !objectives.contains { $0.kind == objective.kind }, "there is an objective of kind \(objective.kind) already")
    added.withLock { $0.objectives.append(objective) }
  }

  private struct Added {
    var encoders: [any EncoderRecipe.Type] = []
    var objectives: [any ObjectiveRecipe.Type] = []
  }

  private static let added = Mutex(Added())

  static var encoders: [any EncoderRecipe.Type] { ownEncoders + added.withLock(\.encoders) }
  static var objectives: [any ObjectiveRecipe.Type] { ownObjectives + added.withLock(\.objectives) }

  private static let ownEncoders: [any EncoderRecipe.Type] = [
    ResNetRecipe.self,
    TCNRecipe.self,
    CriticRecipe.self,
    TransformerRecipe.self,
    LSTMRecipe.self,
    GRURecipe.self,
    MLPRecipe.self,
  ]

  private static let ownObjectives: [any ObjectiveRecipe.Type] = [
    MaskedRecipe.self,
    NextRecipe.self,
    ContrastiveRecipe.self,
    AutoencodeRecipe.self,
    DenoiseRecipe.self,
    PredictiveRecipe.self,
    CombinedRecipe.self,
    AdversarialRecipe.self,
    ClassifyRecipe.self,
  ]

  static let optimizers: [any OptimizerRecipe.Type] = [
    AdamWRecipe.self,
    SGDRecipe.self,
  ]

  static let schedules: [any ScheduleRecipe.Type] = [
    CosineRecipe.self,
    ConstantRecipe.self,
    StepRecipe.self,
  ]
}
