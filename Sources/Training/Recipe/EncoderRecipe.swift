import Networks

/// The section `model.encoder`: the network that is kept.
public protocol EncoderRecipe: RecipeSection {
  /// The channels of a frame that comes out.
  var width: Int { get }

  /// How many timesteps one frame stands for: the product of the strides.
  var timestepsPerFrame: Int { get }

  /// Whether a frame depends on its own and earlier timesteps only.
  var isCausal: Bool { get }

  /// The setting of the section that makes it causal.
  var causalSetting: String { get }

  /// Whether a frame depends on others than itself.
  var seesOtherFrames: Bool { get }

  /// The key of this section that cannot go with how values are read, and why; nil where all is well.
  func conflict(with input: InputRecipe) -> RecipeConflict?

  /// Builds the encoder and registers its parameters under `encoder`.
  func makeEncoder(_ context: ModelContext) -> any Encoder
}

extension EncoderRecipe {
  /// All is well.
  public func conflict(with input: InputRecipe) -> RecipeConflict? { nil }

  /// It does.
  public var seesOtherFrames: Bool { true }

  /// That of convolutions.
  public var causalSetting: String { "causal: true" }

  /// What an objective says that needs a causal encoder and has another; nil where it is causal.
  func conflictWithSeeingTheFuture(_ objective: String) -> RecipeConflict? {
    if isCausal { return nil }
    return RecipeConflict(
      key: "kind",
      reason: "\(objective) needs model.encoder.\(causalSetting); an encoder that sees later timesteps has the answer "
        + "in its input")
  }
}
