import PackedTensors

/// What a plan means for a number of ranks, in numbers: the steps, their sizes, and how evenly the ranks work.
public struct PlanReport: Equatable, Sendable {
  /// Smallest, median and largest of a number over steps.
  public struct Spread: Equatable, Sendable {
    /// The smallest.
    public let minimum: Int
    /// The middle one; of an even number of steps the lower of the two.
    public let median: Int
    /// The largest.
    public let maximum: Int

    init(_ values: [Int]) {
      let sorted = values.sorted()
      minimum = sorted.first ?? 0
      median = sorted.isEmpty ? 0 : sorted[(sorted.count - 1) / 2]
      maximum = sorted.last ?? 0
    }
  }

  /// What one lane holds over the epoch.
  public struct Lane: Equatable, Sendable {
    /// Timesteps over all steps.
    public let timesteps: Int
    /// Sequences over all steps.
    public let sequences: Int
    /// Steps in which it is empty.
    public let emptySteps: Int
  }

  /// How evenly a number of ranks works.
  public struct Balance: Equatable, Sendable {
    /// The number of ranks.
    public let ranks: Int
    /// Σ over steps of the ranks' mean / Σ of their maximum, in timesteps computed with: 1 where no rank ever waits.
    public let value: Double
    /// Steps in which some rank has no sequence.
    public let idleSteps: Int
    /// The most timesteps that a rank computes with in a step.
    public let longestStep: Int
  }

  /// The number of ranks asked for.
  public let ranks: Int
  /// The lanes of the recipe.
  public let recipeLanes: Int
  /// The lanes that the report is for: the recipe's, or the next power of two where there are more ranks than lanes.
  public let lanes: Int
  /// Optimizer updates in the epoch.
  public let steps: Int
  /// Sequences in the epoch.
  public let sequences: Int
  /// Timesteps in the epoch.
  public let timesteps: Int
  /// Sequences a step.
  public let sequencesPerStep: Spread
  /// Timesteps a step.
  public let timestepsPerStep: Spread
  /// Ids of sequences longer than the timestep bound.
  public let oversized: [Int]
  /// The timestep bound.
  public let timestepBound: Int
  /// One for each lane.
  public let perLane: [Lane]
  /// For 1, 2, 4, … up to the lanes, and the number of ranks asked for; ascending.
  public let balances: [Balance]

  /// Reports on a plan. Complexity: deals every step of the epoch once.
  public init(plan: Plan, ranks: Int) {
    precondition(ranks > 0, "\(ranks) ranks cannot share a plan")
    recipeLanes = plan.bounds.lanes
    var lanes = recipeLanes
    while lanes < ranks { lanes *= 2 }
    let plan = lanes == plan.bounds.lanes ? plan : plan.with(lanes: lanes)
    let dealt = (0..<plan.steps).map(plan.step)
    self.ranks = ranks
    self.lanes = lanes
    steps = dealt.count
    sequences = dealt.reduce(0) { $0 + $1.sequences }
    timesteps = dealt.reduce(0) { $0 + $1.timesteps }
    sequencesPerStep = Spread(dealt.map(\.sequences))
    timestepsPerStep = Spread(dealt.map(\.timesteps))
    oversized = plan.oversized
    timestepBound = plan.bounds.timesteps
    perLane = (0..<lanes).map { lane in
      Lane(
        timesteps: dealt.reduce(0) { $0 + $1.laneTimesteps[lane] },
        sequences: dealt.reduce(0) { $0 + $1.lanes[lane].count },
        emptySteps: dealt.count { $0.lanes[lane].isEmpty })
    }
    var numbers = [ranks]
    var power = 1
    while power <= lanes {
      if power != ranks { numbers.append(power) }
      power *= 2
    }
    balances = numbers.sorted().map { PlanReport.balance(of: dealt, ranks: $0, lanes: lanes) }
  }

  /// The balance of the number of ranks asked for.
  public var balance: Double { balances.first { $0.ranks == ranks }?.value ?? 1 }

  /// The most timesteps that a rank computes with in a step, of the number of ranks asked for.
  public var longestStep: Int { balances.first { $0.ranks == ranks }?.longestStep ?? 0 }

  private static func balance(of dealt: [PlannedStep], ranks: Int, lanes: Int) -> Balance {
    let carried = (0..<ranks).map { LaneTree.lanes(ofRank: $0, of: ranks, lanes: lanes) }
    var total = 0
    var largest = 0
    var idle = 0
    var longest = 0
    for step in dealt {
      let loads = carried.map { step.laneComputed[$0].reduce(0, +) }
      total += loads.reduce(0, +)
      largest += loads.max() ?? 0
      longest = max(longest, loads.max() ?? 0)
      if loads.contains(0) { idle += 1 }
    }
    let value = largest == 0 ? 1 : Double(total) / (Double(ranks) * Double(largest))
    return Balance(ranks: ranks, value: value, idleSteps: idle, longestStep: longest)
  }
}
