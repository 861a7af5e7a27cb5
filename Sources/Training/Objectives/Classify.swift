import Networks
import PackedTensors

/// Cross-entropy of a sequence's class, with a head of pooling and a linear layer.
struct Classify: Objective {
  let head: ClassificationHead
  /// How what is trained on differs from the sequences; none: not at all.
  let drawing: ViewDrawing?
  let smoothing: Double
  let averageDecay: Double?

  var range: Range<Int> { head.linear.range }
  var countsCorrect: Bool { true }
  var readsValues: Bool { drawing == nil }

  /// - Precondition: every sequence of a batch that is trained on has a label.
  func view(of batch: Batch, seed: UInt64, epoch: Int) -> Batch {
    // In no epoch of training a sequence is judged as it is.
    guard let drawing, epoch >= 0 else { return batch }
    return batch.with(
      values: drawing.views(of: batch.values, ids: batch.ids, seed: seed, epoch: epoch, choosing: [0]))
  }

  func viewLengths(of length: Int) -> [Int] { [drawing?.lengths(of: length)[0] ?? length] }
  func ids(of view: Batch) -> [Int] { view.ids }
  func input(of view: Batch) -> EncoderInput { EncoderInput(view.values) }

  func loss(
    of embedding: PackedTensor, _ view: Batch, _ forward: ForwardPass, _ backward: BackwardPass?
  ) throws -> (sums: LossSums, gradient: OutputGradient?) {
    let (logits, saved) = head.forward(embedding, forward)
    let sums = Losses.crossEntropy(
      logits, targets: view.labels, smoothing: Float(smoothing), factors: view.labelWeights)
    guard let backward else { return (sums, nil) }
    try backward.scale(logits, count: sums.count)
    return (sums, try head.backward(logits, saved, backward))
  }
}
