import Networks
import PackedTensors

/// Stands where the other ranks would be, and writes down what a step says to them.
final class StepRecorder: SharedStatistics, GradientSink {
  private var calls: [(call: StepTraffic.Call, at: ContinuousClock.Instant)] = []

  /// The calls of one forward and backward pass over a batch that lies in one lane. The gradient is thrown away.
  static func record<E: Encoder, O: Objective>(_ model: Model<E, O>, _ batch: Batch, seed: UInt64) throws -> StepTraffic
  {
    let recorder = StepRecorder()
    let start = ContinuousClock.now
    _ = try model.gradients(ofAlone: batch, seed: seed, epoch: 0, statistics: recorder, sink: recorder)
    let seconds = ContinuousClock.now - start
    return StepTraffic(events: recorder.calls.map { .init(call: $0.call, done: min(1, ($0.at - start) / seconds)) })
  }

  func reduce(_ laneSums: [Double], count: Int) -> [Double] {
    note(.statistics(count: count))
    return Array(laneSums[..<count])
  }

  func gather(_ own: [Float]) -> (all: [Float], own: Range<Int>) { (own, own.indices) }

  func finished(_ range: Range<Int>) { note(.gradient(range)) }
  func poll() { note(.poll) }

  private func note(_ call: StepTraffic.Call) { calls.append((call, ContinuousClock.now)) }
}
