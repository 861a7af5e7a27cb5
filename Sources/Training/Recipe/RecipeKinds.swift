/// What a recipe may choose from: one line a kind.
enum RecipeKinds {
  static let encoders: [any EncoderRecipe.Type] = [
    ResNetRecipe.self,
    TCNRecipe.self,
    CriticRecipe.self,
    TransformerRecipe.self,
    LSTMRecipe.self,
    GRURecipe.self,
    MLPRecipe.self,
  ]

  static let objectives: [any ObjectiveRecipe.Type] = [
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
