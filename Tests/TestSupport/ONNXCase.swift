/// A model to be exported as ONNX: together they have every encoder, and every way in which an encoder may read, step,
/// look back and pool.
public struct ONNXCase: Sendable, CustomStringConvertible {
  /// Section `model.encoder` of the recipe.
  public let encoder: String
  /// `model.input.normalise`, where numbers are read.
  public let normalise: String
  /// `model.pool`.
  public let pool: String
  /// Features of a timestep.
  public let features: Int
  /// The number of categories, where they are looked up.
  public let categories: Int?

  init(_ encoder: String, pool: String = "mean", normalise: String = "none", features: Int = 1, categories: Int? = nil)
  {
    self.encoder = encoder
    self.pool = pool
    self.normalise = normalise
    self.features = features
    self.categories = categories
  }

  /// Section `model` of the recipe.
  public var model: String {
    "model: {input: {kind: \(categories == nil ? "reals, normalise: \(normalise)" : "categories")}, "
      + "encoder: \(encoder), pool: \(pool)}"
  }

  /// The section.
  public var description: String { model }

  /// All of them.
  public static let all: [ONNXCase] = [
    ONNXCase("{kind: resnet, width: 8, blocks: 1}"),
    ONNXCase(
      "{kind: resnet, stem: {width: 6, kernel: 5, stride: 2}, "
        + "blocks: [{width: 6, kernel: 3}, {width: 10, kernel: 4, stride: 3, dilation: 2}]}",
      pool: "max", normalise: "sequence", features: 2),
    ONNXCase(
      "{kind: resnet, width: 7, blocks: 2, causal: true, activation: gelu, stem: {width: 5, kernel: 4, stride: 3}}",
      pool: "last", normalise: "dataset", features: 3),
    ONNXCase("{kind: resnet, width: 8, blocks: 2}", categories: 11),
    ONNXCase(
      "{kind: resnet, width: 8, blocks: [{stride: 2}], causal: true, stem: {kernel: 4, stride: 2}}", pool: "max",
      features: 2, categories: 11),
    ONNXCase("{kind: tcn, width: 6, levels: 4}", pool: "last", normalise: "dataset"),
    ONNXCase(
      "{kind: tcn, width: 6, kernel: 2, levels: 3, causal: false, stem: {width: 5, kernel: 4, stride: 2}}",
      normalise: "sequence", features: 2),
    ONNXCase("{kind: critic, channels: 4, layers: 3, kernel: 5, stride: 2}", pool: "max", normalise: "dataset"),
    ONNXCase(
      "{kind: transformer, width: 8, layers: 2, heads: 2, stem: {kernel: 3, stride: 2}}", normalise: "sequence",
      features: 2),
    ONNXCase(
      "{kind: transformer, width: 9, layers: 2, heads: 3, positions: sinusoidal, causal: true}", pool: "last",
      normalise: "dataset"),
    ONNXCase(
      "{kind: transformer, width: 8, layers: 1, heads: 2, positions: none, blocks: [{stride: 2}]}", pool: "max",
      categories: 11),
    ONNXCase("{kind: lstm, width: 5, layers: 2, bidirectional: true}", normalise: "dataset", features: 2),
    ONNXCase("{kind: lstm, width: 6, stem: {kernel: 4, stride: 2}}", pool: "last", categories: 11),
    ONNXCase("{kind: gru, width: 5, layers: 2}", pool: "max", normalise: "sequence"),
    ONNXCase("{kind: gru, width: 6, bidirectional: true}", features: 2, categories: 11),
    ONNXCase("{kind: mlp, width: 8, layers: 3, activation: gelu}", normalise: "dataset", features: 3),
    ONNXCase("{kind: mlp, width: 8, norm: false}", pool: "max", categories: 11),
  ]
}
