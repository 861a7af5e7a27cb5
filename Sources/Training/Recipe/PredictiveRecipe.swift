import Networks
import PackedTensors
import SequenceData

/// `objective: {kind: predictive}`: what comes after a frame is told from what came elsewhere.
public struct PredictiveRecipe: ObjectiveRecipe, Equatable {
  /// What predictions are to be told from.
  public enum Negatives: String, CaseIterable, Sendable {
    /// What came after all anchors of the step's batch, those of the same sequence among them.
    case batch
    /// What came after other anchors of the same sequence.
    case sequence
  }

  /// How many frames ahead are predicted.
  public var steps: Int
  /// The most frames of a sequence from which predictions are made.
  public var anchors: Int
  /// What predictions are to be told from.
  public var negatives: Negatives
  /// τ of InfoNCE.
  public var temperature: Double
  /// Channels of the hidden layer of the network that makes latents of values, and of the latents.
  public var hidden, latent: Int

  /// The word under `kind`.
  public static let kind = "predictive"
  /// The most anchors of a step: similarities of all pairs are held.
  static let mostAnchors = 4096
  /// Within which similarities and their exponentials are numbers of some use.
  private static let temperatures = NumberBounds(words: "a number from 0.001 to 1000") { $0 >= 0.001 && $0 <= 1000 }
  /// It needs no labels.
  public var isSelfSupervised: Bool { true }

  /// Reads all keys.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    steps = try reader.integer("steps", in: 1...64, default: 4)
    anchors = try reader.integer("anchors", in: 1...1024, default: 8)
    negatives = try reader.choice("negatives", default: .batch)
    temperature = try reader.number("temperature", PredictiveRecipe.temperatures, default: 0.1)
    hidden = try reader.integer("hidden", in: 1...8192, default: 128)
    latent = try reader.integer("latent", in: 1...8192, default: 64)
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) {
    writer.write("steps", steps)
    writer.write("anchors", anchors)
    writer.write("negatives", negatives)
    writer.write("temperature", temperature)
    writer.write("hidden", hidden)
    writer.write("latent", latent)
  }

  /// An encoder that sees the future would copy the answer; and there must be others to be told from.
  public func conflict(with model: ModelRecipe, _ batch: BatchRecipe) -> RecipeConflict? {
    if let conflict = model.encoder.conflictWithSeeingTheFuture(PredictiveRecipe.kind) { return conflict }
    let (all, overflow) = batch.sequences.multipliedReportingOverflow(by: anchors)
    if overflow || all > PredictiveRecipe.mostAnchors {
      return RecipeConflict(
        key: "anchors",
        reason:
          "\(anchors) of \(batch.sequences) sequences (batch.sequences) are more than the \(PredictiveRecipe.mostAnchors) that a step can compare"
      )
    }
    if anchors == 1 && (negatives == .sequence || batch.sequences == 1) {
      return RecipeConflict(
        key: "anchors",
        reason:
          "one alone has no others to be told from; more of them, or negatives: batch with batch.sequences above 1")
    }
    return nil
  }

  /// A network of latents and the predictors, registered under `objective`.
  public func makeObjective(_ context: ModelContext, encoder: some Encoder) throws -> any Objective {
    Predictive(
      anchors: anchors,
      latents: FrameLatents(
        context.objective.path + ".latents", frame: encoder.frame, features: context.data.features,
        categories: context.categories,
        hidden: hidden, outputs: latent, in: context.store),
      predictors: ConvolutionLayer(
        linear: context.objective.path + ".predictors", inputs: encoder.width, outputs: steps * latent,
        in: context.store),
      loss: PredictionNCE(
        temperature: Float(temperature), steps: steps, isWithinSequence: negatives == .sequence),
      frame: encoder.frame)
  }
}
