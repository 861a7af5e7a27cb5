/// How a view of a sequence is changed at random: keys that every objective with changed views reads (for series Um et
/// al. 2017, arXiv:1706.00527).
public struct ViewChangesRecipe: Sendable, Equatable {
  /// Standard deviation of added noise.
  public var jitter: Double
  /// Standard deviation of ln of the factor by which a view's features are scaled.
  public var scaling: Double
  /// Pieces of a view whose order is drawn.
  public var pieces: Int
  /// Share of a view that one span hides.
  public var mask: Double

  /// Whether nothing is changed.
  var areNone: Bool { jitter == 0 && scaling == 0 && pieces == 1 && mask == 0 }

  /// Reads all keys.
  init(from reader: inout RecipeReader) throws(RecipeError) {
    jitter = try reader.number("jitter", .notNegative, default: 0)
    scaling = try reader.number("scaling", .notNegative, default: 0)
    pieces = try reader.integer("pieces", in: 1...1024, default: 1)
    mask = try reader.number("mask", .belowOne, default: 0)
  }

  /// Writes what `init(from:)` reads.
  func write(to writer: inout RecipeWriter) {
    writer.write("jitter", jitter)
    writer.write("scaling", scaling)
    writer.write("pieces", pieces)
    writer.write("mask", mask)
  }

  /// Categories are no quantities.
  /// - Parameters:
  ///   - section: what the keys stand under, with a full stop; empty where that is the objective itself.
  ///   - others: the keys that categories can have.
  func conflict(with input: InputRecipe, under section: String, others: String) -> RecipeConflict? {
    guard input.kind == .categories else { return nil }
    for (key, value) in [("jitter", jitter), ("scaling", scaling), ("mask", mask)] where value > 0 {
      return RecipeConflict(
        key: section + key, reason: "categories are no quantities; use \(others), or model.input.kind: reals")
    }
    return nil
  }
}

extension ViewDrawing {
  /// Views of some extent, changed as a recipe says.
  init(extent: Extent, within: Int? = nil, _ changes: ViewChangesRecipe) {
    self.init(
      extent: extent, within: within, jitter: changes.jitter, scaling: changes.scaling, pieces: changes.pieces,
      mask: changes.mask)
  }
}
