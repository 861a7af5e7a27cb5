import Networks

/// The key `target` of objectives that predict frames: what of a frame of reals; of categories always the categories.
public enum PredictedOfFrame: String, CaseIterable, Sendable {
  /// The frame's values, by Huber loss.
  case values
  /// The log-magnitude spectrum of the frame, by Huber loss.
  case spectrum

  /// Categories have no spectrum.
  func conflict(with model: ModelRecipe) -> RecipeConflict? {
    guard self == .spectrum, model.input.kind == .categories else { return nil }
    return RecipeConflict(
      key: "target", reason: "categories have no spectrum; use target: values, or model.input.kind: reals")
  }

  /// What a decoder tells of the frames of a data set and an encoder.
  /// - Throws: ``TrainingError/usage(_:)`` where there is no such spectrum.
  func target(_ context: ModelContext, _ encoder: some Encoder) throws -> FrameTarget {
    let key = "\(context.objective.section).target"
    if self == .spectrum && context.data.categories != nil {
      throw TrainingError.usage(
        "\(key): spectrum needs a data set of reals; this one holds categories: use target: values")
    }
    if self == .spectrum && encoder.frame < 2 {
      throw TrainingError.usage(
        "\(key): spectrum needs frames of at least 2 timesteps; the encoder's strides multiply to 1: use target: values, or stride"
      )
    }
    return context.data.categories.map { .categories(count: $0) } ?? (self == .spectrum ? .spectrum : .values)
  }
}
