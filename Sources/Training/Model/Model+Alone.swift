import Networks
import PackedTensors

extension Model {
  /// The view of a batch, with what averaged weights make of it.
  /// - Parameter average: none: the model's own.
  func view(of batch: Batch, seed: UInt64, epoch: Int, average: ParameterStore?) throws -> O.View {
    try objective.completed(objective.view(of: batch, seed: seed, epoch: epoch)) { input, ids in
      var pass = ForwardPass(
        store: average ?? store, mode: .evaluation, statistics: LaneStatistics(), ids: ids, seed: seed, epoch: epoch)
      return (try encoder.embed(input, &pass), pass)
    }
  }

  /// A batch forward and backward by itself: one lane, no other rank, its moments its own. Nothing of the model changes.
  /// - Parameters:
  ///   - average: averaged weights, where the objective wants some; none: the model's own.
  ///   - statistics: who is asked for sums, and `sink` who is told of finished gradients: nobody else.
  func gradients(
    ofAlone batch: Batch, seed: UInt64, epoch: Int, average: ParameterStore? = nil,
    statistics: any SharedStatistics = LaneStatistics(),
    sink: any GradientSink = NoGradientSink()
  ) throws -> (loss: Double, areMomentsFinite: Bool, gradients: GradientArena) {
    let arena = GradientArena(lanes: 0..<1, count: store.count, sink: sink)
    let view = try view(of: batch, seed: seed, epoch: epoch, average: average)
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
