import SequenceData
import Testing

@Suite struct PlanReportTests {
  /// Two steps of two sequences, two lanes: the longer of each in one lane, the shorter in the other.
  private let plan = Plan(
    lengths: [30, 10, 30, 10], ids: [0, 1, 2, 3], bounds: .exactly(sequences: 4, lanes: 2), seed: 1, epoch: 0)

  @Test func itCountsWhatThePlanHolds() {
    let report = PlanReport(plan: plan, ranks: 1)
    #expect(report.steps == 1 && report.sequences == 4 && report.timesteps == 80)
    #expect(report.perLane.map(\.timesteps) == [40, 40])
    #expect(report.balances.map(\.value) == [1, 1])
    #expect(report.timestepsPerStep.median == 80)
  }

  @Test func balanceIsOfWhatIsComputedWith() {
    // Of four lengths all views have ten timesteps: by lengths the ranks differ, by work they do not.
    let plan = Plan(
      lengths: [100, 10, 20, 10], ids: [0, 1, 2, 3], bounds: .exactly(sequences: 4, lanes: 2), seed: 1, epoch: 0,
      cost: { _ in 1 }, computed: { _ in 10 })
    let report = PlanReport(plan: plan, ranks: 2)
    #expect(report.balance == 1 && report.longestStep == 20 && report.timesteps == 140)
    #expect(plan.step(0).laneComputed == [20, 20] && plan.step(0).timesteps == 140)
  }

  @Test func balanceIsMeanOverMaximum() {
    let uneven = Plan(
      lengths: [30, 10], ids: [0, 1], bounds: .exactly(sequences: 2, lanes: 2), seed: 1, epoch: 0)
    #expect(PlanReport(plan: uneven, ranks: 2).balance == 20.0 / 30.0)
    let alone = Plan(lengths: [30], ids: [0], bounds: .exactly(sequences: 2, lanes: 4), seed: 1, epoch: 0)
    let report = PlanReport(plan: alone, ranks: 3)
    #expect(report.balances.map(\.ranks) == [1, 2, 3, 4])
    #expect(report.balances.map(\.value) == [1, 0.5, 1.0 / 3, 0.25])
    #expect(report.balances.map(\.idleSteps) == [0, 1, 1, 1])
    #expect(report.perLane.map(\.emptySteps) == [0, 1, 1, 1])
  }

  @Test func moreRanksThanLanesIsForeseenForMoreLanes() {
    let report = PlanReport(plan: plan, ranks: 3)
    #expect(report.recipeLanes == 2 && report.lanes == 4)
    #expect(report.description.contains("3 ranks need at least 3 lanes and the recipe has 2"))
    #expect(report.description.contains("batch.lanes: 4"))
  }

  @Test func theTextNamesLongSequencesAndTheRanksAskedFor() {
    let long = Plan(
      lengths: [30, 500], ids: [4, 9], bounds: BatchBounds(timesteps: 100, sequences: 8, lanes: 2), seed: 1, epoch: 0)
    let text = PlanReport(plan: long, ranks: 2).description
    #expect(text.contains("1 longer than 100 timesteps, a step each: id 9"), "\(text)")
    #expect(text.split(separator: "\n").contains { $0.hasSuffix("<") && $0.contains("0.5000") }, "\(text)")
  }

  @Test func anEmptyPlanIsReportedToo() {
    let none = Plan(lengths: [], ids: [], bounds: .exactly(sequences: 2, lanes: 2), seed: 1, epoch: 0)
    let report = PlanReport(plan: none, ranks: 2)
    #expect(report.steps == 0 && report.balance == 1)
  }
}

@Suite struct PlanForEvaluationTests {
  @Test(arguments: [1, 2, 3, 8, 40]) func everySequenceOnceOverAllRanks(ranks: Int) {
    let (lengths, ids) = PlanTests.sequences(30)
    let length = Dictionary(uniqueKeysWithValues: zip(ids, lengths))
    let plan = EvaluationPlan(lengths: lengths, ids: ids, ranks: ranks, timesteps: 40_000, sequences: 4)
    #expect(plan.batches.count == ranks)
    #expect(plan.batches.flatMap { $0.flatMap { $0 } }.sorted() == ids)
    for batches in plan.batches {
      #expect(batches.flatMap { $0 } == batches.flatMap { $0 }.sorted())
      for batch in batches {
        #expect(!batch.isEmpty && batch.count <= 4)
        #expect(batch.count == 1 || batch.reduce(0) { $0 + length[$1]! } <= 40_000)
      }
    }
    let loads = plan.batches.map { $0.joined().reduce(0) { $0 + length[$1]! } }
    #expect(loads.max()! - loads.min()! <= lengths.max()!, "timesteps of the ranks: \(loads)")
  }
}
