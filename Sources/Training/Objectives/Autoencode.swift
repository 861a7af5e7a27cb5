import Networks
import PackedTensors

/// The input is told again from a code of few channels, a row a frame or one for the whole sequence (Hinton and
/// Salakhutdinov 2006); where the encoder reads a corrupted input, the clean one is told (Vincent et al. 2008).
///
/// The loss is that of every value of every timestep: cross-entropy of categories, of reals Huber loss against the value
/// as the encoder would read it clean: half the square within 1, so that the few values far from all others do not decide
/// alone what is learned.
struct Autoencode: Objective {
  let corruption: Corruption
  /// How frames become one row, where the code is the sequence's.
  let pooling: Pooling?
  /// `[code, width]`.
  let code: ConvolutionLayer
  let decoder: TimestepDecoder
  /// Categories, or values.
  let target: FrameTarget
  let features: Int
  /// Timesteps of a frame.
  let frame: Int

  struct View {
    let batch: Batch
    let visible: PackedTensor
  }

  var range: Range<Int> { code.range.lowerBound..<decoder.range.upperBound }
  var countsCorrect: Bool { if case .categories = target { true } else { false } }
  var readsValues: Bool { corruption.isNone }

  func view(of batch: Batch, seed: UInt64, epoch: Int) -> View {
    View(batch: batch, visible: corruption.applied(to: batch.values, ids: batch.ids, seed: seed, epoch: epoch))
  }

  func ids(of view: View) -> [Int] { view.batch.ids }
  func input(of view: View) -> EncoderInput { EncoderInput(view.visible) }

  func loss(
    of embedding: PackedTensor, _ view: View, _ forward: ForwardPass, _ backward: BackwardPass?
  ) throws -> (sums: LossSums, gradient: OutputGradient?) {
    let (prediction, saved) = decode(embedding, to: view.batch.layout, forward)
    let sums = loss(of: prediction, view.batch, perTimestep: false)
    guard let backward else { return (sums, nil) }
    try backward.scale(prediction, count: sums.count)
    let rows = try decoder.backward(prediction, saved.decoder, backward)
    let codes = pooling == nil ? rows : PlacedRows.backward(rows)
    let gradient = code.backward(
      NormalisedInput(saved.read), NormalisedGradient(codes), backward, inputGradient: .new)!
    try backward.gradients.finished(code.range)
    guard let pooling, let pooled = saved.pooled else { return (sums, OutputGradient(gradient)) }
    return (sums, pooling.backward(gradient, pooled))
  }

  /// What the adjoint needs.
  struct Saved {
    /// What the code is made of: frames, or pooled rows.
    let read: PackedTensor
    let pooled: Pooling.Saved?
    let decoder: TimestepDecoder.Saved
  }

  /// What the decoder tells of every timestep: `[timesteps, features]` values, or `[timesteps, features × categories]`
  /// logits.
  func decode(_ embedding: PackedTensor, to layout: RaggedLayout, _ pass: ForwardPass) -> (PackedTensor, Saved) {
    guard let pooling else {
      let codes = code.forward(NormalisedInput(embedding), pass)
      let (prediction, saved) = decoder.forward(codes, to: layout, pass)
      return (prediction, Saved(read: embedding, pooled: nil, decoder: saved))
    }
    let (row, pooled) = pooling.forward(embedding)
    let placed = PlacedRows.forward(code.forward(NormalisedInput(row), pass), to: embedding.layout)
    let (prediction, saved) = decoder.forward(placed, to: layout, pass)
    return (prediction, Saved(read: row, pooled: pooled, decoder: saved))
  }

  /// The loss of what the decoder tells; turns that into the loss's gradient.
  /// - Parameter perTimestep: whether `sequenceLoss` is that of every timestep by itself.
  func loss(of prediction: PackedTensor, _ batch: Batch, perTimestep: Bool) -> LossSums {
    let layout =
      perTimestep ? RaggedLayout(lengths: [Int](repeating: 1, count: batch.layout.timesteps)) : batch.layout
    switch target {
    case .categories(let count):
      return Losses.crossEntropy(
        prediction.viewed(as: layout.repeated(features), channels: count),
        targets: batch.raw.elements.map { Int32($0) })
    case .values, .spectrum:
      return Losses.huber(prediction.viewed(as: layout, channels: features), targets: batch.values.elements)
    }
  }
}
