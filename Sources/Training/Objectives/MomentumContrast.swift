import Networks
import PackedTensors

/// Momentum contrast (He et al. 2020, arXiv:1911.05722): a view of a sequence, the query, is to be told by its other view,
/// the key, from keys of earlier steps. Keys are made by a moving average of the weights, its batch norm by averaged
/// statistics (Cai et al. 2021, arXiv:2101.08482), and wait in a queue.
///
/// So the number of negatives does not depend on the batch, and a sequence alone in a step has as many as any.
struct MomentumContrast: Objective {
  let drawing: ViewDrawing
  let head: ProjectionHead
  let loss: KeyNCE
  let queue: KeyQueue
  let averageDecay: Double?

  struct View {
    let queries: PackedTensor
    /// The other view, and its row once there is one.
    let others: PackedTensor
    var keys: PackedTensor?
    let ids, otherIDs: [Int]
  }

  var range: Range<Int> { head.range }
  var countsCorrect: Bool { true }
  var shortestSequence: (timesteps: Int, key: String)? { drawing.shortestSequence }

  func view(of batch: Batch, seed: UInt64, epoch: Int) -> View {
    func view(_ index: Int) -> PackedTensor {
      drawing.views(of: batch.values, ids: batch.ids, seed: seed, epoch: epoch, choosing: [index])
    }
    return View(
      queries: view(0), others: view(1), ids: batch.ids.map { ViewDrawing.ids(of: $0)[0] },
      otherIDs: batch.ids.map { ViewDrawing.ids(of: $0)[1] })
  }

  func viewLengths(of length: Int) -> [Int] { [drawing.length(of: length)] }
  func ids(of view: View) -> [Int] { view.ids }
  func input(of view: View) -> EncoderInput { EncoderInput(view.queries) }

  func completed(_ view: View, by average: AveragedEncoder) throws -> View {
    let (embedding, pass) = try average(EncoderInput(view.others), view.otherIDs)
    var completed = view
    completed.keys = UnitRows(head.forward(embedding, pass).0).tensor
    return completed
  }

  func loss(
    of embedding: PackedTensor, _ view: View, _ forward: ForwardPass, _ backward: BackwardPass?
  ) throws -> (sums: LossSums, gradient: OutputGradient?) {
    let (rows, saved) = head.forward(embedding, forward)
    let unit = UnitRows(rows)
    let (sums, gradient) = loss.loss(
      of: unit.tensor, keys: view.keys!, queue: queue.rows(in: forward.store), withGradient: backward != nil)
    guard let backward, let gradient else { return (sums, nil) }
    try backward.scale(gradient, count: sums.count)
    unit.backward(gradient)
    return (sums, try head.backward(gradient, saved, backward))
  }

  func observe(_ view: View, _ pass: ForwardPass) throws {
    queue.add(try pass.statistics.gather(view.keys!.elements).all, in: pass.store)
  }
}
