import Networks
import PackedTensors
import SequenceData
import Testing

@testable import Training

@Suite struct ScalingModelTests {
  /// One operation a second, half a second a step, a quarter a lane.
  private static let speed = CoreSpeed(operationsPerSecond: 1, secondsPerStep: 0.5, secondsPerLane: 0.25)
  private static let lanes: [Double] = [4, 2, 1, 1]

  private static func model(
    latency: Double = 0, bytesPerSecond: Double = 1e30, _ events: [StepTraffic.Event] = [], cores: Int? = nil
  ) -> ScalingModel {
    ScalingModel(
      speed: speed, traffic: StepTraffic(events: events),
      network: Network(latencySeconds: latency, bytesPerSecond: bytesPerSecond, name: ""), cores: cores)
  }

  private static func expect(
    _ time: StepTime, _ expected: StepTime, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let pairs = [
      (time.compute, expected.compute), (time.imbalance, expected.imbalance), (time.fixed, expected.fixed),
      (time.statistics, expected.statistics), (time.gradients, expected.gradients),
    ]
    #expect(
      pairs.allSatisfy { abs($0 - $1) < 1e-9 }, "\(what): \(time), expected \(expected)",
      sourceLocation: sourceLocation)
  }

  @Test func computingIsTheMeanAndTheRestIsWaiting() {
    let model = Self.model()
    Self.expect(model.step(laneOperations: Self.lanes, ranks: 1), .init(compute: 8, fixed: 1.5), "1 rank")
    // Loads 6 and 2.
    Self.expect(model.step(laneOperations: Self.lanes, ranks: 2), .init(compute: 4, imbalance: 2, fixed: 1), "2 ranks")
    Self.expect(
      model.step(laneOperations: Self.lanes, ranks: 4), .init(compute: 2, imbalance: 2, fixed: 0.75), "4 ranks")
    // Three ranks hold 1, 1 and 2 lanes.
    Self.expect(
      model.step(laneOperations: Self.lanes, ranks: 3), .init(compute: 8.0 / 3, imbalance: 4 - 8.0 / 3, fixed: 1),
      "3 ranks")
  }

  @Test func ranksThatShareCoresAddUp() {
    Self.expect(
      Self.model(cores: 1).step(laneOperations: Self.lanes, ranks: 2), .init(compute: 8, fixed: 2), "2 ranks, 1 core")
    Self.expect(
      Self.model(cores: 2).step(laneOperations: Self.lanes, ranks: 4), .init(compute: 4, fixed: 1.5), "4 ranks, 2 cores"
    )
    Self.expect(
      Self.model(cores: 9).step(laneOperations: Self.lanes, ranks: 2), .init(compute: 4, imbalance: 2, fixed: 1),
      "2 ranks, 9 cores")
  }

  @Test func everySumIsWaitedFor() {
    // A second a message and nothing for bytes. Two messages each on two ranks: the sum, the loss, the counts.
    let model = Self.model(latency: 1, [.init(call: .statistics(count: 128), done: 0.5)])
    #expect(abs(model.step(laneOperations: Self.lanes, ranks: 2).statistics - 6) < 1e-9)
    // On four: four, two for the loss, which is gathered, and four.
    #expect(abs(model.step(laneOperations: Self.lanes, ranks: 4).statistics - 10) < 1e-9)
    #expect(model.step(laneOperations: Self.lanes, ranks: 1).statistics == 0)
  }

  @Test func gradientsHideBehindWhatIsLeftOfBackward() {
    func exposed(done: Double, overlap: Bool = true) -> Double {
      // 1 MiB, half of it a message: 1.5 s each on two ranks, whose longer one computes for 6 s.
      var model = Self.model(
        latency: 1, bytesPerSecond: 1_048_576,
        [.init(call: .gradient(0..<1 << 18), done: done)] + [0.7, 0.95].map { .init(call: .poll, done: $0) })
      model.overlap = overlap
      return model.step(laneOperations: Self.lanes, ranks: 2).gradients
    }
    #expect(abs(exposed(done: 0)) < 1e-9)
    // Started at 3.6 s, found done at 5.7 s, and then a message more, of which 0.3 s are hidden.
    #expect(abs(exposed(done: 0.6) - 1.2) < 1e-9)
    #expect(abs(exposed(done: 1) - 3) < 1e-9)
    #expect(abs(exposed(done: 0, overlap: false) - 3) < 1e-9)
  }

  /// Layers' sums forward and backward, and three pieces of gradient between them.
  private static let events: [StepTraffic.Event] =
    (1...6).map { .init(call: .statistics(count: 128), done: 0.05 * Double($0)) }
    + (1...6).flatMap { layer -> [StepTraffic.Event] in
      let done = 0.3 + 0.1 * Double(layer)
      return [
        .init(call: .statistics(count: 128), done: done),
        .init(call: .gradient((6 - layer) * 200_000..<(7 - layer) * 200_000), done: done),
        .init(call: .poll, done: done),
      ]
    }

  @Test(arguments: [1, 2, 3, 4, 7, 8, 16, 64]) func worseNetworksAreNotFaster(ranks: Int) {
    let lanes = (0..<64).map { 1 + Double($0 % 5) }
    var last = 0.0
    for latency in [0, 1e-6, 1e-4, 1e-2, 1] {
      let time = Self.model(latency: latency, bytesPerSecond: 1e8, Self.events).step(
        laneOperations: lanes, ranks: ranks)
      #expect(time.seconds >= last, "latency \(latency) s: \(time.seconds) s after \(last) s")
      last = time.seconds
    }
    last = 0
    for bandwidth in [1e12, 1e9, 1e7, 1e5] {
      let time = Self.model(latency: 1e-5, bytesPerSecond: bandwidth, Self.events).step(
        laneOperations: lanes, ranks: ranks)
      #expect(time.seconds >= last, "\(bandwidth) B/s: \(time.seconds) s after \(last) s")
      last = time.seconds
    }
  }

  @Test func moreRanksComputeLessAndWaitMore() {
    let lanes = (0..<64).map { 1 + Double($0 % 5) }
    let model = Self.model(latency: 1e-3, bytesPerSecond: 1e9, Self.events)
    let times = [1, 2, 4, 8, 16, 32, 64].map { model.step(laneOperations: lanes, ranks: $0) }
    for (fewer, more) in zip(times, times.dropFirst()) {
      #expect(more.compute < fewer.compute && more.fixed < fewer.fixed)
      #expect(more.statistics > fewer.statistics)
      #expect(more.compute + more.imbalance <= fewer.compute + fewer.imbalance)
    }
  }
}

@Suite struct ScalingReportTests {
  /// 32 sequences of one length, 16 a step, 8 lanes.
  private func report(ranks: Int, secondsPerLane: Double = 0, latency: Double = 0) -> ScalingReport {
    let lengths = [Int](repeating: 100, count: 32)
    let plan = Plan(
      lengths: lengths, ids: Array(lengths.indices), bounds: .exactly(sequences: 16, lanes: 8), seed: 1, epoch: 0)
    let model = ScalingModel(
      speed: CoreSpeed(operationsPerSecond: 300, secondsPerStep: 0, secondsPerLane: secondsPerLane),
      traffic: StepTraffic(events: []), network: Network(latencySeconds: latency, bytesPerSecond: 1e30, name: "none"))
    return ScalingReport(model, plan: plan, lengths: lengths, ranks: ranks, cost: { $0 }, length: { lengths[$0] })
  }

  @Test func equalSequencesScaleUntilThereAreNoMore() {
    let report = report(ranks: 64)
    #expect(
      report.strong.map(\.ranks) == [1, 2, 4, 8, 16, 32, 64] && report.weak.map(\.ranks) == [1, 2, 4, 8, 16, 32, 64])
    // A sequence a second; 16 of them a step.
    #expect(report.strong.map { ($0.efficiency * 1e6).rounded() / 1e6 } == [1, 1, 1, 1, 1, 0.5, 0.25])
    #expect(report.weak.map { ($0.efficiency * 1e6).rounded() / 1e6 } == [1, 1, 1, 1, 1, 1, 1])
    #expect(report.weak.map { ($0.timestepsPerSecond).rounded() } == [1, 2, 4, 8, 16, 32, 64].map { 100 * $0 })
    #expect(report.weak.map(\.lanes) == [8, 8, 8, 8, 16, 32, 64])
  }

  @Test func moreLanesThanTheRecipesAreChargedForAtOneRank() {
    let report = report(ranks: 12, secondsPerLane: 0.5)
    #expect(report.strong.map(\.ranks) == [1, 2, 4, 8, 12] && report.lanes == 16)
    // 16 s of sequences, and half a second for each of 16 lanes in place of 8.
    #expect(abs(report.laneCost - 24.0 / 20) < 1e-9)
    #expect(abs(report.strong[0].efficiency - 20.0 / 24) < 1e-9)
    #expect(report.description.contains("of 16 lanes, which on one rank take 1.200 times as long as the recipe's 8"))
  }

  @Test func theSharesOfAStepAreAllOfIt() {
    for row in report(ranks: 32, secondsPerLane: 0.1, latency: 0.01).strong {
      let shares = row.line.split(separator: " ").suffix(5).compactMap { Double($0) }
      #expect(shares.count == 5 && abs(shares.reduce(0, +) - 100) < 0.03, "\(row.line)")
    }
  }
}

@Suite struct StepRecorderTests {
  private struct Recorded: ModelUser {
    func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> (traffic: StepTraffic, parameters: Int) {
      let layout = RaggedLayout(lengths: [300], laneBounds: [0, 1])
      let values = PackedTensor(layout: layout, channels: 1)
      values.base.initialize(repeating: 1, count: 300)
      let batch = Batch(raw: values, values: values, ids: [0], labels: [1])
      return (try StepRecorder.record(model, batch, seed: 1), model.store.count)
    }
  }

  @Test func aStepTellsWhatItSends() throws {
    let recipe = try Recipe(
      yaml: exampleRecipe, overrides: ["objective.kind=classify", "model.encoder.width=16"])
    let data = DataDescription(features: 1, values: .reals, classes: ["a", "b", "c"])
    let (traffic, parameters) = try ModelBuilder.build(
      recipe.model, objective: recipe.objective, precision: .float32, data: data, seed: 1, isEncoderFrozen: false,
      for: Recorded())
    // Two blocks of two batch norms of 16 channels, two sums each, forward and backward.
    #expect(traffic.statistics == [Int](repeating: 32, count: 8))
    #expect(traffic.parameters == parameters)
    #expect(traffic.events.map(\.done) == traffic.events.map(\.done).sorted())
    #expect(traffic.events.allSatisfy { (0...1).contains($0.done) })
    // The head's gradient comes first, the stem's last.
    let ranges = traffic.events.compactMap { event -> Range<Int>? in
      if case .gradient(let range) = event.call { range } else { nil }
    }
    #expect(ranges.first?.upperBound == parameters && ranges.last?.lowerBound == 0, "\(ranges)")
  }
}
