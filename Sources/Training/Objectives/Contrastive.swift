import Networks
import PackedTensors

/// Two views of a sequence are to be told from the views of all other sequences of the global batch (``InfoNCE``), by
/// the rows that a projection head makes of them.
struct Contrastive: Objective {
  let drawing: ViewDrawing
  let head: ProjectionHead
  let loss: InfoNCE
  /// Sequences that are compared with each other in validation.
  static let validatedTogether = 64

  struct View {
    let values: PackedTensor
    let ids: [Int]
  }

  var range: Range<Int> { head.range }
  var countsCorrect: Bool { true }
  var comparedSequences: Int? { Contrastive.validatedTogether }
  var needsOthers: Bool { true }
  var shortestSequence: (timesteps: Int, key: String)? { drawing.shortestSequence }

  func view(of batch: Batch, seed: UInt64, epoch: Int) -> View {
    View(
      values: drawing.views(of: batch.values, ids: batch.ids, seed: seed, epoch: epoch),
      ids: batch.ids.flatMap(ViewDrawing.ids))
  }

  func viewLengths(of length: Int) -> [Int] { drawing.lengths(of: length) }
  func ids(of view: View) -> [Int] { view.ids }
  func input(of view: View) -> EncoderInput { EncoderInput(view.values) }

  func loss(
    of embedding: PackedTensor, _ view: View, _ forward: ForwardPass, _ backward: BackwardPass?
  ) throws -> (sums: LossSums, gradient: OutputGradient?) {
    let (rows, saved) = head.forward(embedding, forward)
    let unit = UnitRows(rows)
    let (all, own) = try forward.statistics.gather(unit.tensor.elements)
    let width = unit.tensor.channels
    let (sums, gradient) = loss.loss(
      of: unit.tensor, among: all, own: own.lowerBound / width..<own.upperBound / width, withGradient: backward != nil)
    guard let backward, let gradient else { return (sums, nil) }
    try backward.scale(gradient, count: sums.count)
    unit.backward(gradient)
    return (sums, try head.backward(gradient, saved, backward))
  }
}
