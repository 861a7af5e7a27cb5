/// The section `objective.augment` of a classifier: each epoch trains on a newly drawn view of every sequence. Nothing is
/// changed where a model is validated or used.
public struct AugmentRecipe: Sendable, Equatable {
  /// The share of a sequence that a view is.
  public var crop: Double
  /// How a view is changed.
  public var changes: ViewChangesRecipe

  /// Reads the section.
  init(from reader: inout RecipeReader) throws(RecipeError) {
    crop = try reader.number("crop", .positivePart, default: 1)
    changes = try ViewChangesRecipe(from: &reader)
  }

  /// Writes what `init(from:)` reads.
  func write(to writer: inout RecipeWriter) {
    writer.write("crop", crop)
    changes.write(to: &writer)
  }

  /// Something must be changed, and categories are no quantities.
  func conflict(with model: ModelRecipe) -> RecipeConflict? {
    if crop == 1 && changes.areNone {
      return RecipeConflict(
        key: "augment", reason: "changes nothing; give crop, jitter, scaling, pieces or mask, or leave it out")
    }
    return changes.conflict(with: model.input, under: "augment.", others: "crop and pieces")
  }

  /// What draws the views.
  var drawing: ViewDrawing { ViewDrawing(extent: .share(crop), changes) }
}
