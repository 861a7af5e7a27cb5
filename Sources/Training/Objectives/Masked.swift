import Networks
import PackedTensors

/// Masked prediction: spans of frames are hidden in the input, and a linear decoder tells each from its embedding. The
/// loss is on hidden frames alone (Devlin et al. 2019; for frames of a signal, Hsu et al. 2021).
struct Masked: Objective {
  let ratio: Double
  let span: Int
  let decoder: FrameDecoder
  /// Stands for the stem's output at hidden timesteps of category data.
  let maskVector: Parameter?

  struct View {
    let batch: Batch
    let visible: PackedTensor
    let hiddenTimesteps: HiddenRows
    let hiddenFrames: RowSelection
  }

  var range: Range<Int> {
    (maskVector?.range.lowerBound ?? decoder.linear.range.lowerBound)..<decoder.linear.range.upperBound
  }
  var countsCorrect: Bool { if case .categories = decoder.target { true } else { false } }

  func view(of batch: Batch, seed: UInt64, epoch: Int) -> View {
    let key = RandomKey(seed: seed, purpose: "masked.spans", epoch: epoch)
    let layout = batch.layout
    let frame = decoder.frame
    var frames: [UInt8] = []
    var timesteps: [UInt8] = []
    for sequence in 0..<layout.sequences {
      let length = layout.length(of: sequence)
      let all = (length + frame - 1) / frame
      // A spectrum needs a whole frame.
      let eligible = decoder.target == .spectrum ? length / frame : all
      let flags =
        SpanDrawing.flags(frames: eligible, ratio: ratio, span: span, key: key, sequence: batch.ids[sequence])
        + [UInt8](repeating: 0, count: all - eligible)
      frames += flags
      for t in 0..<length { timesteps.append(flags[t / frame]) }
    }
    let visible = PackedTensor(layout: layout, channels: batch.values.channels)
    let channels = visible.channels
    visible.base.update(from: batch.values.base, count: visible.count)
    for (row, flag) in timesteps.enumerated() where flag != 0 { visible.row(row).update(repeating: 0, count: channels) }
    return View(
      batch: batch, visible: visible, hiddenTimesteps: HiddenRows(flags: timesteps),
      hiddenFrames: RowSelection(frames, of: layout.strided(by: frame)))
  }

  func ids(of view: View) -> [Int] { view.batch.ids }
  func input(of view: View) -> EncoderInput {
    EncoderInput(view.visible, replacement: maskVector.map { (view.hiddenTimesteps, $0) })
  }

  func loss(
    of embedding: PackedTensor, _ view: View, _ forward: ForwardPass, _ backward: BackwardPass?
  ) throws -> (sums: LossSums, gradient: OutputGradient?) {
    try decoder.loss(of: embedding, rows: view.hiddenFrames, offset: 0, batch: view.batch, forward, backward)
  }
}
