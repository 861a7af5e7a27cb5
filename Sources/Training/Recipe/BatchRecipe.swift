/// The section `batch`: bounds of one step's global batch, whatever the number of ranks.
public struct BatchRecipe: Sendable, Equatable {
  /// Sequences are taken until their timesteps reach this; a longer sequence is a step of its own.
  public var timesteps: Int
  /// Sequences are taken until there are so many.
  public var sequences: Int
  /// The virtual ranks L into which a batch is dealt, a power of two; no more ranks than lanes can take part.
  public var lanes: Int
  /// The most lanes that a recipe may have, hence the most ranks of a training.
  public static let mostLanes = 4096

  init(from reader: inout RecipeReader) throws(RecipeError) {
    timesteps = try reader.integer("timesteps", default: 262_144)
    sequences = try reader.integer("sequences", default: 64)
    lanes = try reader.integer("lanes", in: 1...BatchRecipe.mostLanes, default: 8)
    guard lanes & (lanes - 1) == 0 else {
      throw reader.error("lanes", "expected a power of two, got \(lanes)")
    }
  }

  func write(to writer: inout RecipeWriter) {
    writer.write("timesteps", timesteps)
    writer.write("sequences", sequences)
    writer.write("lanes", lanes)
  }
}
