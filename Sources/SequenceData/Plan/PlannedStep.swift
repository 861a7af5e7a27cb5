/// What one optimizer update is computed from: the sequences of each lane.
public struct PlannedStep: Equatable, Sendable {
  /// The sequences' ids, lane by lane; a lane may be empty. Within a lane they keep the epoch's order.
  public let lanes: [[Int]]
  /// Timesteps of each lane.
  public let laneTimesteps: [Int]
  /// Timesteps of each lane that are computed with: others where views of the sequences are.
  public let laneComputed: [Int]

  /// All ids in the order of the global batch: lane 0's, then lane 1's, and so on. A rank's are a contiguous part of
  /// it.
  public var ids: [Int] { Array(lanes.joined()) }
  /// The number of sequences of the global batch.
  public var sequences: Int { lanes.reduce(0) { $0 + $1.count } }
  /// The number of timesteps of the global batch.
  public var timesteps: Int { laneTimesteps.reduce(0, +) }
}
