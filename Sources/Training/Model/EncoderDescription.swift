import PackedTensors

/// What encoder/config.json says of an encoder: how it reads, and what built it.
struct EncoderDescription: Codable, Equatable {
  /// Steps of training behind the weights.
  var step: Int
  /// How the encoder reads.
  var input: Input
  /// Section `model.encoder` of the recipe, every default written out.
  var encoder: JSONValue
  /// Section `model` of the recipe as YAML, from which the same encoder is built again.
  var recipe: String
  /// What its convolutions multiplied in training, and do where it is used without a recipe; none is float32.
  var precision: Precision?
  /// The form of the data that it was made for, with the numbers of its normalisation.
  var data: InputDescription

  /// What other programs need to feed the encoder.
  struct Input: Codable, Equatable {
    /// Features of a timestep.
    var features: Int
    /// `categories`: values are looked up; `reals`: they are read as numbers.
    var kind: String
    /// Number of categories that are looked up.
    var count: Int?
    /// `none`, `dataset` (by `mean` and `deviation`) or `sequence`.
    var normalise: String
    /// Of each feature, for `normalise: dataset`.
    var mean, deviation: [Double]?
  }

  init(step: Int, data: InputDescription, model: ModelRecipe, precision: Precision) {
    self.step = step
    self.precision = precision
    self.data = data
    let isLookedUp = model.input.kind == .categories
    input = Input(
      features: data.features, kind: model.input.kind.rawValue, count: isLookedUp ? data.categories : nil,
      normalise: model.input.normalise.rawValue, mean: data.mean, deviation: data.deviation)
    var writer = RecipeWriter()
    writer.write(kind: type(of: model.encoder).kind)
    model.encoder.write(to: &writer)
    encoder = writer.node.json
    recipe = model.resolvedYAML
  }
}
