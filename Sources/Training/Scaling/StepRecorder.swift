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
    let view = model.objective.view(of: batch, seed: seed, epoch: 0)
    var pass = ForwardPass(
      store: model.store, mode: .training, statistics: recorder, ids: batch.ids, seed: seed, epoch: 0)
    let backward = BackwardPass(
      store: model.store, gradients: GradientArena(lanes: 0..<1, count: model.store.count, sink: recorder),
      statistics: recorder)
    let (embedding, saved) = try model.encoder.forward(model.objective.input(of: view), &pass)
    let (_, gradient) = try model.objective.loss(of: embedding, view, pass, backward)
    if let gradient { try model.encoder.backward(gradient, saved, backward) }
    let seconds = ContinuousClock.now - start
    return StepTraffic(events: recorder.calls.map { .init(call: $0.call, done: min(1, ($0.at - start) / seconds)) })
  }

  func reduce(_ laneSums: [Double], count: Int) -> [Double] {
    note(.statistics(count: count))
    return Array(laneSums[..<count])
  }

  func finished(_ range: Range<Int>) { note(.gradient(range)) }
  func poll() { note(.poll) }

  private func note(_ call: StepTraffic.Call) { calls.append((call, ContinuousClock.now)) }
}
