import Networks
import PackedTensors

extension Model {
  /// A batch forward and backward by itself: one lane, no other rank, its moments its own. Nothing of the model changes.
  func gradients(
    ofAlone batch: Batch, seed: UInt64, epoch: Int
  ) throws -> (loss: Double, areMomentsFinite: Bool, gradients: GradientArena) {
    let arena = GradientArena(lanes: 0..<1, count: store.count, sink: NoGradientSink())
    let view = objective.view(of: batch, seed: seed, epoch: epoch)
    var pass = ForwardPass(
      store: store, mode: isEncoderFrozen ? .evaluation : .training, statistics: LaneStatistics(), ids: batch.ids,
      seed: seed, epoch: epoch)
    let backward = BackwardPass(store: store, gradients: arena, statistics: LaneStatistics())
    var (embedding, tape): (PackedTensor, E.Saved?) = try encoder.forward(objective.input(of: view), &pass)
    if isEncoderFrozen { tape = nil }
    let (sums, gradient) = try objective.loss(of: embedding, view, pass, backward)
    embedding = .empty  // gives its memory back
    if let gradient, tape != nil { try encoder.backward(gradient, tape.take()!, backward) }
    return (sums.loss.values[0], pass.observed.allSatisfy(\.moments.isFinite), arena)
  }
}
