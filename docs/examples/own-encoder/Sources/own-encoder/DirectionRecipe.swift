import Networks
import Training

/// `objective: {kind: direction}` in a recipe, with `dropout` on the pooled embedding if wanted.
struct DirectionRecipe: ObjectiveRecipe {
  var dropout: Double

  static let kind = "direction"
  var isSelfSupervised: Bool { true }

  init(from reader: inout RecipeReader) throws(RecipeError) {
    dropout = try reader.number("dropout", .belowOne, default: 0)
  }

  func write(to writer: inout RecipeWriter) { writer.write("dropout", dropout) }

  func conflict(with model: ModelRecipe, _ batch: BatchRecipe) -> RecipeConflict? {
    if model.encoder.seesOtherFrames { return nil }
    return RecipeConflict(
      key: "kind", reason: "direction needs an encoder whose frames see each other; alone none of them has a direction")
  }

  func makeObjective(_ context: ModelContext, encoder: some Encoder) throws -> any Objective {
    Direction(
      head: ClassificationHead(
        context.objective.path + ".direction", width: encoder.width, classes: 2,
        pooling: context.recipe.pool.pooling, dropout: dropout, in: context.store))
  }
}
