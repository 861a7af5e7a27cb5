import ArrayFiles
import PackedTensors
import SequenceData

/// The plans of a run's epochs one after another, addressed by the global step.
struct EpochPlans {
  let ids: [Int]
  let lengths: [Int]
  let bounds: BatchBounds
  let seed: UInt64
  let cost: @Sendable (Int) -> Int
  let computed: @Sendable (Int) -> Int
  private var current: Plan?
  /// Global step at which each known epoch begins; the last is the first step after the last known epoch.
  private var starts = [0]

  /// - Parameters:
  ///   - ids: eligible sequences, ascending.
  ///   - cost: analytic cost of a sequence of a length.
  ///   - computed: timesteps computed with for a sequence of a length.
  init(
    ids: [Int], dataset: SequenceDataset, bounds: BatchBounds, seed: UInt64, cost: @escaping @Sendable (Int) -> Int,
    computed: @escaping @Sendable (Int) -> Int
  ) {
    self.ids = ids
    lengths = ids.map { dataset.length(of: $0) }
    self.bounds = bounds
    self.seed = seed
    self.cost = cost
    self.computed = computed
  }

  /// Steps of the first `epochs` epochs.
  mutating func steps(ofEpochs epochs: Int) -> Int {
    know(epoch: epochs - 1)
    return starts[epochs]
  }

  /// The epoch of a step and the step's number in it.
  mutating func locate(_ step: Int) -> (epoch: Int, index: Int) {
    while starts[starts.count - 1] <= step { know(epoch: starts.count - 1) }
    var epoch = starts.count - 2
    while starts[epoch] > step { epoch -= 1 }
    return (epoch, step - starts[epoch])
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

  private mutating func know(epoch: Int) {
    while starts.count <= epoch + 1 {
      let steps = Plan.stepCount(lengths: lengths, bounds: bounds, seed: seed, epoch: starts.count - 1)
      starts.append(starts[starts.count - 1] + steps)
    }
  }
}
