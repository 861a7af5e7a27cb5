import Networks
import PackedTensors

extension Model {
  /// A batch forward and backward by itself: one lane, no other rank, its moments its own. Nothing of the model changes.
  /// - Parameters:
  ///   - statistics: who is asked for sums, and `sink` who is told of finished gradients: nobody else.
  func gradients(
    ofAlone batch: Batch, seed: UInt64, epoch: Int, statistics: any SharedStatistics = LaneStatistics(),
    sink: any GradientSink = NoGradientSink()
  ) throws -> (loss: Double, areMomentsFinite: Bool, gradients: GradientArena) {
    let arena = GradientArena(lanes: 0..<1, count: store.count, sink: sink)
    let view = objective.view(of: batch, seed: seed, epoch: epoch)
    var pass = ForwardPass(
      store: store, mode: isEncoderFrozen ? .evaluation : .training, statistics: statistics,
      ids: objective.ids(of: view), seed: seed, epoch: epoch)
    let backward = BackwardPass(store: store, gradients: arena, statistics: statistics)
    let input = objective.input(of: view)
    var embedding = PackedTensor.empty
    var tape: E.Saved?
    if objective.runsEncoder {
      // It does so in `loss`.
    } else if isEncoderFrozen {
      embedding = try encoder.embed(input, &pass)
    } else {
      (embedding, tape) = try encoder.forward(input, &pass)
    }
    let (sums, gradient) = try objective.loss(of: embedding, view, pass, backward)
    embedding = .empty  // gives its memory back
    if let gradient, tape != nil { try encoder.backward(gradient, tape.take()!, backward) }
    return (sums.loss.values[0], pass.observed.allSatisfy(\.moments.isFinite), arena)
  }
}
