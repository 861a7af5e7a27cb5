import Networks
import PackedTensors

/// Prediction of the future from the past: frame f's embedding, which sees timesteps up to `f·frame`, tells the `frame`
/// timesteps that follow (with `ahead` above 1, those `ahead − 1` frames later), or their spectrum. Needs a causal encoder: any other sees
/// the answer.
struct NextFrame: Objective {
  let ahead: Int
  let decoder: FrameDecoder

  struct View {
    let batch: Batch
    let frames: RowSelection
  }

  var range: Range<Int> { decoder.linear.range }
  var countsCorrect: Bool { if case .categories = decoder.target { true } else { false } }
  var readsValues: Bool { true }
  private var offset: Int { 1 + (ahead - 1) * decoder.frame }

  func view(of batch: Batch, seed: UInt64, epoch: Int) -> View {
    let frames = batch.layout.strided(by: decoder.frame)
    // A spectrum needs a whole frame.
    let needed = decoder.target == .spectrum ? decoder.frame : 1
    var flags: [UInt8] = []
    for sequence in 0..<frames.sequences {
      let length = batch.layout.length(of: sequence)
      for f in 0..<frames.length(of: sequence) { flags.append(f * decoder.frame + offset + needed <= length ? 1 : 0) }
    }
    return View(batch: batch, frames: RowSelection(flags, of: frames))
  }

  func ids(of view: View) -> [Int] { view.batch.ids }
  func input(of view: View) -> EncoderInput { EncoderInput(view.batch.values) }

  func loss(
    of embedding: PackedTensor, _ view: View, _ forward: ForwardPass, _ backward: BackwardPass?
  ) throws -> (sums: LossSums, gradient: OutputGradient?) {
    try decoder.loss(of: embedding, rows: view.frames, offset: offset, batch: view.batch, forward, backward)
  }
}
