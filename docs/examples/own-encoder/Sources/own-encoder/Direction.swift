import Networks
import PackedTensors
import Training

/// Was this sequence turned round in time? Each is shown as it is or backwards, as keyed randomness has it, and a linear
/// head on the pooled embedding tells which: an objective that is not in Lockstep.
///
/// What decides about a sequence is its id, the seed and the epoch, never the rank, the batch or what was drawn before.
struct Direction: Objective {
  let head: ClassificationHead

  struct View {
    /// Some sequences backwards, `[timesteps, features]`.
    let values: PackedTensor
    /// 1 for a sequence that is backwards, 0 for the others.
    let turned: [Int32]
    let ids: [Int]
  }

  var range: Range<Int> { head.linear.range }
  var countsCorrect: Bool { true }

  func view(of batch: Batch, seed: UInt64, epoch: Int) -> View {
    let key = RandomKey(seed: seed, purpose: "direction.turn", epoch: epoch)
    let turned = batch.ids.map { Int32(key.integer(below: 2, sequence: $0)) }
    // Tensors share their storage, so that what is changed is a copy.
    let values = PackedTensor(layout: batch.layout, channels: batch.values.channels)
    for (index, turn) in turned.enumerated() {
      let rows = batch.layout.rows(of: index)
      for row in rows {
        let source = turn == 1 ? rows.lowerBound + rows.upperBound - 1 - row : row
        values.row(row).update(from: batch.values.row(source), count: values.channels)
      }
    }
    return View(values: values, turned: turned, ids: batch.ids)
  }

  func ids(of view: View) -> [Int] { view.ids }
  func input(of view: View) -> EncoderInput { EncoderInput(view.values) }

  func loss(
    of embedding: PackedTensor, _ view: View, _ forward: ForwardPass, _ backward: BackwardPass?
  ) throws -> (sums: LossSums, gradient: OutputGradient?) {
    let (logits, saved) = head.forward(embedding, forward)
    // The logits become the gradient of the loss's sum, in place; who divides by the global count is the step.
    let sums = Losses.crossEntropy(logits, targets: view.turned)
    guard let backward else { return (sums, nil) }
    try backward.scale(logits, count: sums.count)
    return (sums, try head.backward(logits, saved, backward))
  }
}
