import Networks
import Training

/// `encoder: {kind: pyramid, width: 32, levels: 3}` in a recipe.
struct PyramidRecipe: EncoderRecipe {
  var width: Int
  var levels: Int

  static let kind = "pyramid"
  var timestepsPerFrame: Int { 1 << levels }
  var isCausal: Bool { true }

  init(from reader: inout RecipeReader) throws(RecipeError) {
    width = try reader.integer("width", in: 1...1024, default: 32)
    levels = try reader.integer("levels", in: 1...12, default: 3)
  }

  func write(to writer: inout RecipeWriter) {
    writer.write("width", width)
    writer.write("levels", levels)
  }

  func conflict(with input: InputRecipe) -> RecipeConflict? {
    guard input.kind == .categories else { return nil }
    return RecipeConflict(key: "kind", reason: "pyramid reads numbers: model.input.kind: reals")
  }

  func makeEncoder(_ context: ModelContext) -> any Encoder {
    Pyramid("encoder", features: context.data.features, width: width, levels: levels, in: context.store)
  }
}
