import Networks
import PackedTensors

/// Contrastive predictive coding (van den Oord, Li and Vinyals 2018, arXiv:1807.03748): from what a causal encoder has seen
/// at some frames, the anchors, a linear map for each of the next steps predicts a row that is to be told from those of
/// other anchors. The row of what really came is made of its raw values by a small network of the objective's own: the
/// encoder's frames have seen all that came before them, so that they would give the answer away.
struct Predictive: Objective {
  /// The most anchors of a sequence.
  let anchors: Int
  let latents: FrameLatents
  /// The maps of all steps, `[steps × latent, width]`.
  let predictors: ConvolutionLayer
  let loss: PredictionNCE
  /// Timesteps of a frame.
  let frame: Int
  /// Sequences that are compared with each other in validation.
  static let validatedTogether = 64

  struct View {
    let batch: Batch
    let anchors: RowSelection
    /// The values of what comes after each anchor, `[anchors × steps × frame, features]`.
    let moments: PackedTensor
  }

  var range: Range<Int> { latents.range.lowerBound..<predictors.range.upperBound }
  var countsCorrect: Bool { true }
  var readsValues: Bool { true }
  var comparedSequences: Int? { Predictive.validatedTogether }
  var needsOthers: Bool { anchors == 1 }
  var shortestSequence: (timesteps: Int, key: String)? {
    (steps * frame + 1, "objective.steps (\(steps) of \(frame) timesteps each, and one before them)")
  }
  private var steps: Int { loss.steps }

  /// Frame f has seen timesteps up to f·frame; step k of it is the frame of timesteps from f·frame + 1 + k·frame on.
  func view(of batch: Batch, seed: UInt64, epoch: Int) -> View {
    let key = RandomKey(seed: seed, purpose: "predictive.anchors", epoch: epoch)
    let layout = batch.layout
    let frames = layout.strided(by: frame)
    var flags = [UInt8](repeating: 0, count: frames.timesteps)
    for sequence in 0..<layout.sequences {
      let places = max(0, (layout.length(of: sequence) - 1) / frame - steps + 1)
      var chosen = 0
      // Selection sampling (Knuth, TAOCP 3.4.2, algorithm S).
      for place in 0..<places {
        let u = key.uniformDouble(sequence: batch.ids[sequence], timestep: place)
        if Double(places - place) * u < Double(min(anchors, places) - chosen) {
          flags[frames.offsets[sequence] + place] = 1
          chosen += 1
        }
      }
    }
    let selection = RowSelection(flags, of: frames)
    let (values, count) = (batch.values, steps * frame)
    let moments = PackedTensor(layout: selection.layout.repeated(count), channels: values.channels)
    for sequence in 0..<layout.sequences {
      for index in selection.layout.rows(of: sequence) {
        let f = selection.rows[index] - frames.offsets[sequence]
        moments.row(index * count).update(
          from: values.row(layout.offsets[sequence] + f * frame + 1), count: count * values.channels)
      }
    }
    return View(batch: batch, anchors: selection, moments: moments)
  }

  func ids(of view: View) -> [Int] { view.batch.ids }
  func input(of view: View) -> EncoderInput { EncoderInput(view.batch.values) }

  func loss(
    of embedding: PackedTensor, _ view: View, _ forward: ForwardPass, _ backward: BackwardPass?
  ) throws -> (sums: LossSums, gradient: OutputGradient?) {
    let contexts = view.anchors.gather(embedding)
    let rows = view.anchors.layout.repeated(steps)
    let width = latents.second.geometry.outputChannels
    let predicted = predictors.forward(NormalisedInput(contexts), forward)
    let predictions = UnitRows(predicted.viewed(as: rows, channels: width))
    let (latent, saved) = latents.forward(view.moments, frames: rows, forward)
    let moments = UnitRows(latent)
    // Collective: every rank makes all three calls, also where it holds no anchor.
    let (allPredictions, own) = try forward.statistics.gather(predictions.tensor.elements)
    let (allMoments, _) = try forward.statistics.gather(moments.tensor.elements)
    let (counts, _) = try forward.statistics.gather(
      (0..<view.anchors.layout.sequences).map { Float(view.anchors.layout.length(of: $0)) })
    let (sums, gradients) = loss.loss(
      .init(
        predictions: allPredictions, moments: allMoments,
        sequences: counts.enumerated().flatMap { [Int](repeating: $0, count: Int($1)) }, width: width),
      layout: rows, own: own.lowerBound / (steps * width)..<own.upperBound / (steps * width),
      withGradient: backward != nil)
    guard let backward, let gradients else { return (sums, nil) }
    try backward.scale(gradients.predictions, gradients.moments, count: sums.count)
    moments.backward(gradients.moments)
    try latents.backward(gradients.moments, saved, backward)
    predictions.backward(gradients.predictions)
    let gradient = predictors.backward(
      NormalisedInput(contexts),
      NormalisedGradient(gradients.predictions.viewed(as: view.anchors.layout, channels: steps * width)), backward,
      inputGradient: .new)!
    try backward.gradients.finished(predictors.range)
    return (sums, OutputGradient(view.anchors.scatter(gradient)))
  }
}
