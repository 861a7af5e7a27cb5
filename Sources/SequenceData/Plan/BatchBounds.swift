/// Bounds of the whole global step, over all ranks, and the number of lanes that it is dealt into.
public struct BatchBounds: Equatable, Sendable {
  /// The most timesteps of a step; a single longer sequence gets a step of its own.
  public let timesteps: Int
  /// The most sequences of a step.
  public let sequences: Int
  /// The number of lanes L, a power of two.
  public let lanes: Int

  /// Sequences are added to a step until either bound is reached.
  public init(timesteps: Int, sequences: Int, lanes: Int) {
    precondition(timesteps > 0 && sequences > 0, "a step of \(timesteps) timesteps, \(sequences) sequences is empty")
    precondition(lanes > 0 && lanes & (lanes - 1) == 0, "the number of lanes must be a power of two, not \(lanes)")
    self.timesteps = timesteps
    self.sequences = sequences
    self.lanes = lanes
  }

  /// Exactly so many sequences in every step but an epoch's last, however long they are.
  public static func exactly(sequences: Int, lanes: Int) -> BatchBounds {
    BatchBounds(timesteps: .max, sequences: sequences, lanes: lanes)
  }

  /// Equal bounds with another number of lanes.
  public func with(lanes: Int) -> BatchBounds { BatchBounds(timesteps: timesteps, sequences: sequences, lanes: lanes) }
}
