import Foundation
import PackedTensors
import SequenceData

/// What a model predicts for 1, 2, 4, … ranks: for the same steps on more ranks, and for steps that grow with them.
struct ScalingReport {
  /// One number of ranks.
  struct Row: Equatable {
    var ranks: Int
    var lanes: Int
    /// Timesteps a second of all ranks.
    var timestepsPerSecond: Double
    /// Work a second and core, over that of one rank with the recipe's own lanes and steps.
    var efficiency: Double
    /// Of all steps that were looked at.
    var time: StepTime
  }

  let model: ScalingModel
  let recipeLanes: Int
  let lanes: Int
  /// Steps of the plan that were looked at.
  let steps: Int
  /// The same steps on more ranks.
  let strong: [Row]
  /// Steps whose bounds grow with the ranks.
  let weak: [Row]
  /// What `lanes` lanes in place of the recipe's cost one rank: seconds over seconds.
  let laneCost: Double

  /// The most steps that are looked at.
  static let mostSteps = 256
  /// Sequences of growing steps that are looked at, about, and their most steps.
  private static let enough = (sequences: 16_384, steps: 8)

  /// - Parameters:
  ///   - plan: of the recipe's lanes.
  ///   - lengths: of the eligible sequences; growing steps repeat them as often as needed.
  ///   - ranks: the number asked for, beside the powers of two up to it and to the lanes.
  ///   - cost: analytic operations of a forward pass.
  ///   - length: of a sequence by its id.
  ///
  /// Complexity: deals up to 256 steps of the plan, and for each number of ranks a few that grow with it.
  init(
    _ model: ScalingModel, plan: Plan, lengths: [Int], ranks: Int, cost: @escaping (Int) -> Int, length: (Int) -> Int
  ) {
    let numbers = ScalingReport.numbers(upTo: ranks, lanes: plan.bounds.lanes)
    let bounds = plan.bounds
    let wide = plan.with(lanes: ScalingReport.lanes(bounds.lanes, ranks: ranks))
    let own = Work(plan, steps: min(plan.steps, ScalingReport.mostSteps), cost: cost, length: length)
    let same = Work(wide, steps: own.steps, cost: cost, length: length)
    let alone = model.time(own, ranks: 1)
    let pace = own.operations / alone.seconds
    func row(_ work: Work, _ ranks: Int, lanes: Int) -> Row {
      let time = model.time(work, ranks: ranks)
      return Row(
        ranks: ranks, lanes: lanes, timestepsPerSecond: Double(work.timesteps) / time.seconds,
        efficiency: work.operations / time.seconds / model.working(ranks) / pace, time: time)
    }
    self.model = model
    recipeLanes = bounds.lanes
    lanes = wide.bounds.lanes
    steps = own.steps
    strong = numbers.map { row(same, $0, lanes: wide.bounds.lanes) }
    laneCost = model.time(same, ranks: 1).seconds / alone.seconds
    weak = numbers.map { ranks in
      let grown = ScalingReport.grown(bounds, ranks)
      let perStep = max(1, own.sequences * ranks / own.steps)
      let steps = max(1, min(ScalingReport.enough.steps, ScalingReport.enough.sequences / perStep))
      let copies = steps * perStep / lengths.count + 1
      let all = Array(repeatElement(lengths, count: copies).joined())
      let plan = Plan(lengths: all, ids: Array(all.indices), bounds: grown, seed: 1, epoch: 0, cost: cost)
      return row(
        Work(plan, steps: min(steps, plan.steps), cost: cost, length: { all[$0] }), ranks, lanes: grown.lanes)
    }
  }

  /// 1, 2, 4, … up to the lanes or the ranks, whichever are more, and the number of ranks asked for; ascending.
  static func numbers(upTo ranks: Int, lanes: Int) -> [Int] {
    var numbers = [1]
    while numbers[numbers.count - 1] * 2 <= max(ranks, lanes) { numbers.append(numbers[numbers.count - 1] * 2) }
    return (numbers.contains(ranks) ? numbers : numbers + [ranks]).sorted()
  }

  /// The lanes that so many ranks need.
  static func lanes(_ lanes: Int, ranks: Int) -> Int { max(lanes, ranks.nextPowerOfTwo) }

  /// The bounds of a step for each rank.
  private static func grown(_ bounds: BatchBounds, _ ranks: Int) -> BatchBounds {
    func times(_ bound: Int) -> Int {
      let (product, overflow) = bound.multipliedReportingOverflow(by: ranks)
      return overflow ? .max : product
    }
    return BatchBounds(
      timesteps: times(bounds.timesteps), sequences: times(bounds.sequences), lanes: lanes(bounds.lanes, ranks: ranks))
  }
}

/// The operations of each lane at some steps.
private struct Work {
  var laneOperations: [[Double]] = []
  var timesteps = 0
  var sequences = 0

  var steps: Int { laneOperations.count }
  var operations: Double { laneOperations.reduce(0) { $0 + $1.reduce(0, +) } }

  init(_ plan: Plan, steps: Int, cost: (Int) -> Int, length: (Int) -> Int) {
    for index in 0..<steps {
      let step = plan.step(index)
      laneOperations.append(
        step.lanes.map { lane in lane.reduce(0) { $0 + CoreSpeed.operations(forward: cost(length($1))) } })
      timesteps += step.timesteps
      sequences += step.sequences
    }
  }
}

extension ScalingModel {
  fileprivate func time(_ work: Work, ranks: Int) -> StepTime {
    work.laneOperations.reduce(StepTime()) { $0 + step(laneOperations: $1, ranks: ranks) }
  }
}
