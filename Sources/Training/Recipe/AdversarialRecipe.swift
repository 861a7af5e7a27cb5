import Networks
import PackedTensors

/// `objective: {kind: adversarial}`: a generator makes sequences, and the encoder, a critic, tells real ones from them.
public struct AdversarialRecipe: ObjectiveRecipe, Equatable {
  /// Timesteps a second, for the recordings that `lockstep generate` writes.
  public var rate: Int
  /// Timesteps of a sequence that are looked at, at most; none: all.
  public var window: Int?
  /// Channels of a row of latents, from which a sequence is made.
  public var latent: Int
  /// The weight of the gradient penalty.
  public var penalty: Double
  /// Steps of the critic for one of the generator.
  public var criticSteps: Int
  /// Timesteps or frames by which what each layer of the critic reads is moved, at most; 0: none.
  public var phaseShuffle: Int

  /// The word under `kind`.
  public static let kind = "adversarial"
  /// It needs no labels.
  public var isSelfSupervised: Bool { true }
  /// It runs the encoder by itself.
  public var canBeCombined: Bool { false }

  /// Reads all keys.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    guard let rate = try reader.optionalInteger("rate", in: 1...Int(Int32.max)) else {
      throw reader.missing(
        "rate", expected: "timesteps a second, for the recordings that lockstep generate writes: an integer above 0")
    }
    self.rate = rate
    window = try reader.optionalInteger("window", in: 1...1 << 30)
    latent = try reader.integer("latent", in: 1...8192, default: 64)
    penalty = try reader.number("penalty", .notNegative, default: 10)
    criticSteps = try reader.integer("criticSteps", in: 1...1000, default: 5)
    phaseShuffle = try reader.integer("phaseShuffle", in: 0...1000, default: 0)
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) {
    writer.write("rate", rate)
    if let window { writer.write("window", window) }
    writer.write("latent", latent)
    writer.write("penalty", penalty)
    writer.write("criticSteps", criticSteps)
    // Written only where it is said, so that recipes from before keep their identity.
    if phaseShuffle > 0 { writer.write("phaseShuffle", phaseShuffle) }
  }

  /// What is made must be like what a critic reads, and brought back to the data set's units.
  public func conflict(with model: ModelRecipe, _ batch: BatchRecipe) -> RecipeConflict? {
    if !(model.encoder is CriticRecipe) {
      return RecipeConflict(
        key: "kind",
        reason: "adversarial needs model.encoder.kind: critic, through which the slope of a score can be taught")
    }
    if model.input.normalise == .sequence {
      return RecipeConflict(
        key: "kind",
        reason:
          "a sequence that is made has no mean and deviation to be brought back to; use model.input.normalise: dataset or none"
      )
    }
    return nil
  }

  /// Neither player's loss says how good what is made has become.
  public func conflict(with training: TrainingRecipe) -> RecipeConflict? {
    if training.validateEvery == 0 { return nil }
    return RecipeConflict(
      key: "kind",
      reason: "the loss of adversarial does not say how good what is made is; set training.validateEvery to 0")
  }

  /// A score on the critic and a generator, registered under `objective`.
  public func makeObjective(_ context: ModelContext, encoder: some Encoder) throws -> any Objective {
    guard let critic = encoder as? Critic else { preconditionFailure("the recipe was checked") }
    return Adversarial(
      discriminator: Discriminator(context.objective.path + ".score", critic: critic, in: context.store),
      generator: Generator(
        context.objective.path + ".generator", latent: latent, features: context.data.features, critic.shape,
        in: context.store),
      window: window, penalty: penalty, criticSteps: criticSteps, phaseShuffle: phaseShuffle)
  }
}
