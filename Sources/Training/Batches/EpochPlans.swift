import ArrayFiles
import PackedTensors
import SequenceData

/// The plans of a run's epochs one after another, addressed by the global step; where the sequences change on the way,
/// those from that step on.
struct EpochPlans {
  let ids: [Int]
  let lengths: [Int]
  let bounds: BatchBounds
  let seed: UInt64
  let cost: @Sendable (Int) -> Int
  let computed: @Sendable (Int) -> Int
  private var current: Plan?
  /// The first epoch, which begins at the first of `starts`.
  private let firstEpoch: Int
  /// Global step at which each known epoch begins; the last is the first step after the last known epoch.
  private var starts: [Int]

  /// - Parameters:
  ///   - ids: eligible sequences, ascending.
  ///   - cost: analytic cost of a sequence of a length.
  ///   - computed: timesteps computed with for a sequence of a length.
  ///   - start: the step and the epoch that these sequences begin with.
  init(
    ids: [Int], dataset: SequenceDataset, bounds: BatchBounds, seed: UInt64, cost: @escaping @Sendable (Int) -> Int,
    computed: @escaping @Sendable (Int) -> Int, from start: (step: Int, epoch: Int) = (0, 0)
  ) {
    self.ids = ids
    lengths = ids.map { dataset.length(of: $0) }
    self.bounds = bounds
    self.seed = seed
    self.cost = cost
    self.computed = computed
    firstEpoch = start.epoch
    starts = [start.step]
  }

  /// Steps of the first `epochs` epochs.
  mutating func steps(ofEpochs epochs: Int) -> Int {
    know(count: epochs)
    return starts[epochs]
  }

  /// The epoch of a step and the step's number in it.
  mutating func locate(_ step: Int) -> (epoch: Int, index: Int) {
    precondition(step >= starts[0], "step \(step) lies before these sequences' first, \(starts[0])")
    while starts[starts.count - 1] <= step { know(count: starts.count) }
    var index = starts.count - 2
    while starts[index] > step { index -= 1 }
    return (firstEpoch + index, step - starts[index])
  }

  /// What the lanes hold at a step.
  mutating func step(_ step: Int) -> (epoch: Int, PlannedStep) {
    let (epoch, index) = locate(step)
    return (epoch, plan(epoch: epoch).step(index))
  }

  /// The plan of an epoch; the last one asked for is kept.
  mutating func plan(epoch: Int) -> Plan {
    if let current, current.epoch == epoch { return current }
    let plan = Plan(
      lengths: lengths, ids: ids, bounds: bounds, seed: seed, epoch: epoch, cost: cost, computed: computed)
    current = plan
    return plan
  }

  /// The most timesteps that each of `ranks` ranks computes with in a step of an epoch. Complexity: deals every step once.
  mutating func mostTimesteps(ofRanks ranks: Int, epoch: Int) -> [Int] {
    let plan = plan(epoch: epoch)
    let carried = (0..<ranks).map { LaneTree.lanes(ofRank: $0, of: ranks, lanes: bounds.lanes) }
    var most = [Int](repeating: 0, count: ranks)
    for step in 0..<plan.steps {
      let held = plan.step(step).laneComputed
      for (rank, lanes) in carried.enumerated() { most[rank] = max(most[rank], held[lanes].reduce(0, +)) }
    }
    return most
  }

  /// SHA-256 of an epoch's plan: every lane's sequences at every step.
  mutating func digest(epoch: Int) -> String {
    let plan = plan(epoch: epoch)
    var stream = Checksum.Stream()
    for step in 0..<plan.steps {
      for lane in plan.step(step).lanes {
        withUnsafeBytes(of: Int64(lane.count)) { stream.update($0) }
        lane.map { Int64($0) }.withUnsafeBytes { stream.update($0) }
      }
    }
    return stream.finalize()
  }

  /// Finds out where the first `count` of these epochs begin and end.
  private mutating func know(count: Int) {
    while starts.count <= count {
      let epoch = firstEpoch + starts.count - 1
      let steps = Plan.stepCount(lengths: lengths, bounds: bounds, seed: seed, epoch: epoch)
      starts.append(starts[starts.count - 1] + steps)
    }
  }
}
