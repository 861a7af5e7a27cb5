import Networks

/// The section `model.encoder`: the network that is kept.
public protocol EncoderRecipe: RecipeSection {
  /// The channels of a frame that comes out.
  var width: Int { get }

  /// How many timesteps one frame stands for: the product of the strides.
  var timestepsPerFrame: Int { get }

  /// Whether a frame depends on its own and earlier timesteps only.
  var isCausal: Bool { get }

  /// Builds the encoder and registers its parameters under `encoder`.
  func makeEncoder(_ context: ModelContext) -> any Encoder
}
