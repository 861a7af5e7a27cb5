import PackedTensors

/// Which sequences each lane holds at each step of one epoch: a pure function of what it is made from.
///
/// It knows nothing of ranks. Every rank makes it alone and gets the same: each sequence once an epoch, in an order
/// drawn from (seed, "plan.shuffle", epoch); sequences are added to a step until either bound is reached; the step is
/// then dealt into lanes by halving from the top, so that two ranks are balanced best, then four, then eight
/// (`LaneDealer`).
public struct Plan: Sendable {
  /// The bounds that it keeps.
  public let bounds: BatchBounds
  /// The epoch that it is for.
  public let epoch: Int
  /// Ids of sequences that alone exceed the timestep bound, ascending. Each has a step of its own; tell it once.
  public let oversized: [Int]

  private let ids: [Int]
  private let lengths: [Int]
  private let costs: [Int]
  private let computed: [Int]
  private let order: [Int]
  /// Where each step begins in `order`, and the end.
  private let starts: [Int]

  /// Makes the plan of one epoch.
  /// - Parameters:
  ///   - lengths: timesteps of each eligible sequence.
  ///   - ids: the eligible sequences' ids, one for each length, in an order that is the same everywhere (ascending).
  ///   - bounds: bounds of a step, and the number of lanes.
  ///   - seed: the run's seed.
  ///   - epoch: from 0.
  ///   - cost: what a sequence of a length costs, in any unit: a model of the work, never a measurement; by default the
  ///     length.
  ///   - computed: timesteps that are computed with for a sequence of a length; by default as many.
  ///
  /// Complexity: O(sequences); a step is dealt when it is asked for.
  public init(
    lengths: [Int], ids: [Int], bounds: BatchBounds, seed: UInt64, epoch: Int, cost: (Int) -> Int = { $0 },
    computed: (Int) -> Int = { $0 }
  ) {
    precondition(lengths.count == ids.count, "\(lengths.count) lengths for \(ids.count) ids")
    self.bounds = bounds
    self.epoch = epoch
    self.lengths = lengths
    self.ids = ids
    costs = lengths.map(cost)
    self.computed = lengths.map(computed)
    order = Plan.order(count: ids.count, seed: seed, epoch: epoch)
    starts = Plan.starts(order: order, lengths: lengths, bounds: bounds)
    oversized = zip(ids, lengths).filter { $0.1 > bounds.timesteps }.map(\.0).sorted()
  }

  private init(_ other: Plan, lanes: Int) {
    bounds = other.bounds.with(lanes: lanes)
    epoch = other.epoch
    oversized = other.oversized
    (ids, lengths, costs, computed) = (other.ids, other.lengths, other.costs, other.computed)
    (order, starts) = (other.order, other.starts)
  }

  /// The same steps dealt into another number of lanes.
  public func with(lanes: Int) -> Plan { Plan(self, lanes: lanes) }

  /// The number of steps of this epoch.
  public var steps: Int { starts.count - 1 }

  /// The number of sequences of this epoch.
  public var sequences: Int { ids.count }

  /// The number of steps of an epoch, without making its plan. It may differ from epoch to epoch by what fits a step.
  public static func stepCount(lengths: [Int], bounds: BatchBounds, seed: UInt64, epoch: Int) -> Int {
    if bounds.timesteps == .max { return lengths.isEmpty ? 0 : (lengths.count - 1) / bounds.sequences + 1 }
    let order = order(count: lengths.count, seed: seed, epoch: epoch)
    return starts(order: order, lengths: lengths, bounds: bounds).count - 1
  }

  /// What the lanes hold at step `index` of the epoch, `0 ..< steps`. Complexity: that of `LaneDealer`.
  public func step(_ index: Int) -> PlannedStep {
    precondition(index >= 0 && index < steps, "epoch \(epoch) has \(steps) steps; there is no step \(index)")
    let positions = Array(order[starts[index]..<starts[index + 1]])
    let lanes = LaneDealer.deal(costs: positions.map { costs[$0] }, lanes: bounds.lanes)
    return PlannedStep(
      lanes: lanes.map { lane in lane.map { ids[positions[$0]] } },
      laneTimesteps: lanes.map { lane in lane.reduce(0) { $0 + lengths[positions[$1]] } },
      laneComputed: lanes.map { lane in lane.reduce(0) { $0 + computed[positions[$1]] } })
  }

  /// The number of sequences of step `index`, without dealing it.
  public func sequences(ofStep index: Int) -> Int { starts[index + 1] - starts[index] }

  /// The number of timesteps of step `index`, without dealing it.
  public func timesteps(ofStep index: Int) -> Int {
    order[starts[index]..<starts[index + 1]].reduce(0) { $0 + lengths[$1] }
  }

  private static func order(count: Int, seed: UInt64, epoch: Int) -> [Int] {
    RandomKey(seed: seed, purpose: "plan.shuffle", epoch: epoch).permutation(of: count)
  }

  private static func starts(order: [Int], lengths: [Int], bounds: BatchBounds) -> [Int] {
    var starts = [0]
    var timesteps = 0
    for (place, position) in order.enumerated() {
      let count = place - (starts.last ?? 0)
      let length = lengths[position]
      if count > 0 && (count == bounds.sequences || length > bounds.timesteps - timesteps) {
        starts.append(place)
        timesteps = 0
      }
      timesteps += length
    }
    if !order.isEmpty { starts.append(order.count) }
    return starts
  }
}
