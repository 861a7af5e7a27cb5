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
  var pooling: Pooling? { head.pooling }

  struct View {
    /// What the encoder reads: the sequences, or views of them.
    let values: PackedTensor
    let ids: [Int]
    let labels: [Int32]
    let labelWeights: [Float]?
  }

  /// - Precondition: every sequence of a batch that is trained on has a label.
  func view(of batch: Batch, seed: UInt64, epoch: Int) -> View {
    // What is validated is the sequence itself.
    let values =
      if let drawing, epoch != Self.validation {
        drawing.views(of: batch.values, ids: batch.ids, seed: seed, epoch: epoch, choosing: [0])
      } else {
        batch.values
      }
    return View(values: values, ids: batch.ids, labels: batch.labels, labelWeights: batch.labelWeights)
  }

  func viewLengths(of length: Int) -> [Int] { [drawing?.length(of: length) ?? length] }
  func ids(of view: View) -> [Int] { view.ids }
  func input(of view: View) -> EncoderInput { EncoderInput(view.values) }

  func loss(
    of embedding: PackedTensor, _ view: View, _ forward: ForwardPass, _ backward: BackwardPass?
  ) throws -> (sums: LossSums, gradient: OutputGradient?) {
    let (logits, saved) = head.forward(embedding, forward)
    let sums = Losses.crossEntropy(
      logits, targets: view.labels, smoothing: Float(smoothing), factors: view.labelWeights)
    guard let backward else { return (sums, nil) }
    try backward.scale(logits, count: sums.count)
    return (sums, try head.backward(logits, saved, backward))
  }
}
