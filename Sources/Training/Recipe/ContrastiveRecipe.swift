import Networks
import PackedTensors

/// `objective: {kind: contrastive}`: two views of a sequence are told from those of all others.
public struct ContrastiveRecipe: ObjectiveRecipe, Equatable {
  /// Timesteps of a view; none: `crop` decides.
  public var window: Int?
  /// The share of a sequence that a view is; 1 beside `window`.
  public var crop: Double
  /// How many timesteps apart the views begin at most; none: anywhere.
  public var within: Int?
  /// How a view is changed.
  public var changes: ViewChangesRecipe
  /// τ of InfoNCE.
  public var temperature: Double
  /// Channels of the projection's hidden layer, and of the rows that are compared.
  public var hidden, projection: Int
  /// Keys of earlier steps that views are told from; none: the views of the step's batch.
  public var queue: Int?
  /// The share that stays at each step of the average that makes the keys.
  public var momentum: Double

  /// The word under `kind`.
  public static let kind = "contrastive"
  /// The most sequences of a step: similarities of all pairs of views are held.
  static let mostSequences = 4096
  /// The most keys of a queue: similarities of all sequences of a step with all of them are held.
  static let mostKeys = 65_536
  /// Within which similarities and their exponentials are numbers of some use.
  private static let temperatures = NumberBounds(words: "a number from 0.001 to 1000") { $0 >= 0.001 && $0 <= 1000 }
  /// It needs no labels.
  public var isSelfSupervised: Bool { true }

  /// Reads all keys.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    window = try reader.optionalInteger("window", in: 1...1 << 30)
    crop = try reader.number("crop", .positivePart, default: 1)
    within = try reader.optionalInteger("within", in: 0...1 << 30)
    changes = try ViewChangesRecipe(from: &reader)
    temperature = try reader.number("temperature", ContrastiveRecipe.temperatures, default: 0.1)
    hidden = try reader.integer("hidden", in: 1...8192, default: 128)
    projection = try reader.integer("projection", in: 1...8192, default: 64)
    queue = try reader.optionalInteger("queue", in: 1...ContrastiveRecipe.mostKeys)
    if queue == nil, try reader.optionalNumber("momentum", .belowOne) != nil {
      throw reader.error("momentum", "without a queue nothing is averaged; give queue, or leave it out")
    }
    momentum = try queue == nil ? 0 : reader.number("momentum", .belowOne, default: 0.99)
    if window != nil && crop < 1 {
      throw reader.error("crop", "a view is either window timesteps or a share of the sequence: leave one of them out")
    }
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) {
    if let window { writer.write("window", window) }
    writer.write("crop", crop)
    if let within { writer.write("within", within) }
    changes.write(to: &writer)
    writer.write("temperature", temperature)
    writer.write("hidden", hidden)
    writer.write("projection", projection)
    if let queue {
      writer.write("queue", queue)
      writer.write("momentum", momentum)
    }
  }

  /// Views that are always equal teach nothing; categories are no quantities; and there must be others to be told from.
  public func conflict(with model: ModelRecipe, _ batch: BatchRecipe) -> RecipeConflict? {
    if let queue, queue < batch.sequences {
      return RecipeConflict(
        key: "queue",
        reason:
          "\(queue) keys are fewer than a step brings (batch.sequences: \(batch.sequences)), so that some would never be told from: at least as many"
      )
    }
    guard (2...ContrastiveRecipe.mostSequences).contains(batch.sequences) else {
      return RecipeConflict(
        key: "kind",
        reason:
          "contrastive compares each sequence with all others of its step: batch.sequences must be 2 to \(ContrastiveRecipe.mostSequences)"
      )
    }
    if let conflict = changes.conflict(with: model.input, under: "", others: "window, crop and pieces") {
      return conflict
    }
    if window == nil && crop == 1 && within != nil {
      return RecipeConflict(key: "within", reason: "the whole sequence begins in one place; give window or crop")
    }
    let isMoved = (window != nil || crop < 1) && within != 0
    if !isMoved && changes.areNone {
      return RecipeConflict(
        key: "kind",
        reason:
          "both views would be the same; give window or crop (within above 0), or one of jitter, scaling, pieces, mask")
    }
    return nil
  }

  /// A projection head, registered under `objective`.
  public func makeObjective(_ context: ModelContext, encoder: some Encoder) throws -> any Objective {
    let drawing = ViewDrawing(
      extent: window.map { .timesteps($0) } ?? .share(crop), within: within, changes)
    let head = ProjectionHead(
      context.objective.path + ".projection", width: encoder.width, hidden: hidden, outputs: projection,
      pooling: context.recipe.pool.pooling, in: context.store)
    guard let queue else {
      return Contrastive(drawing: drawing, head: head, loss: InfoNCE(temperature: Float(temperature)))
    }
    return MomentumContrast(
      drawing: drawing, head: head, loss: KeyNCE(temperature: Float(temperature)),
      queue: KeyQueue(context.objective.path + ".queue", capacity: queue, width: projection, in: context.store),
      averageDecay: momentum)
  }
}
