import PackedTensors
import Tracing

/// `x + attention(norm(x))`, then `x + linear(GELU(linear(norm(x))))`: PyTorch's `TransformerEncoderLayer` with
/// `norm_first=True` and `activation="gelu"`, but that its attention may turn queries and keys by their positions, and that
/// nothing is dropped among the weights of attention and within the second part.
public struct TransformerLayer: Sendable {
  let path: String
  private let attentionPath: String
  let attention: Attention
  /// `[3 × width, width]`, `[width, width]`, `[feedForward, width]` and `[width, feedForward]`.
  let project, join, widen, narrow: ConvolutionLayer
  let norm1, norm2: LayerNorm
  let dropout: Double

  /// Registers a layer under `path`.
  init(_ path: String, attention: Attention, feedForward: Int, dropout: Double, in store: ParameterStore) {
    let width = attention.width
    self.path = path
    attentionPath = path + ".self_attn"
    self.attention = attention
    self.dropout = dropout
    project = ConvolutionLayer(
      linear: path + ".self_attn.in_proj", inputs: width, outputs: 3 * width, separator: "_", in: store)
    join = ConvolutionLayer(linear: path + ".self_attn.out_proj", inputs: width, outputs: width, in: store)
    widen = ConvolutionLayer(linear: path + ".linear1", inputs: width, outputs: feedForward, in: store)
    narrow = ConvolutionLayer(linear: path + ".linear2", inputs: feedForward, outputs: width, in: store)
    norm1 = LayerNorm(path + ".norm1", channels: width, in: store)
    norm2 = LayerNorm(path + ".norm2", channels: width, in: store)
  }

  var range: Range<Int> { project.range.lowerBound..<norm2.range.upperBound }

  /// What the adjoint needs. Normalised timesteps are computed again.
  public struct Saved {
    let input, projected, attended, between, widened: PackedTensor
    let attention: Attention.Saved
    let dropouts: (attention: Dropout?, widened: Dropout?)
    let ids: [Int]

    /// The widened timesteps as the last layer reads them.
    var activated: NormalisedInput {
      NormalisedInput(widened, affine: .identity(channels: widened.channels), activation: .gelu)
    }
  }

  /// The layer's output, `[frames, width]`; `turns` are the positions that attention turns by.
  func forward(_ x: PackedTensor, turns: Positions?, _ pass: ForwardPass) -> (PackedTensor, Saved) {
    let span = pass.timeline?.begin(.forward, path)
    defer { span?.end() }
    let projected = project.forward(NormalisedInput(norm1.forward(x, pass)), pass)
    let attending = pass.timeline?.begin(.forward, attentionPath)
    let (attended, kept) = attention.forward(projected, turns: turns)
    attending?.end()
    let dropouts = (
      attention: pass.dropout(dropout, layer: path + ".dropout1"),
      widened: pass.dropout(dropout, layer: path + ".dropout2")
    )
    let between = join.forward(NormalisedInput(attended), pass)
    dropouts.attention?.apply(to: between, ids: pass.ids)
    between.add(x)
    let saved = Saved(
      input: x, projected: projected, attended: attended, between: between,
      widened: widen.forward(NormalisedInput(norm2.forward(between, pass)), pass), attention: kept,
      dropouts: dropouts, ids: pass.ids)
    let output = narrow.forward(saved.activated, pass)
    dropouts.widened?.apply(to: output, ids: pass.ids)
    output.add(between)
    return (output, saved)
  }

  /// Makes the gradient of the layer's output that of its input, in place.
  func backward(_ gradient: PackedTensor, _ saved: Saved, turns: Positions?, _ pass: BackwardPass) throws {
    let span = pass.timeline?.begin(.backward, path)
    defer { span?.end() }
    /// The gradient behind a dropout.
    func behind(_ dropout: Dropout?) -> NormalisedGradient {
      guard let dropout else { return NormalisedGradient(gradient) }
      let copy = gradient.copied()
      dropout.apply(to: copy, ids: saved.ids)
      return NormalisedGradient(copy)
    }
    let identity = ChannelAffine.identity(channels: saved.widened.channels)
    var activation: ActivationAdjoint? = ActivationAdjoint(
      input: saved.widened, affine: identity, activation: .gelu, standardise: identity)
    let widened = narrow.backward(
      saved.activated, behind(saved.dropouts.widened), pass, inputGradient: .new, activation: &activation)!
    norm2.backward(
      saved.between,
      widen.backward(
        NormalisedInput(norm2.forward(saved.between, pass.store)), NormalisedGradient(widened), pass,
        inputGradient: .new)!, addedTo: gradient, pass)
    let attended = join.backward(
      NormalisedInput(saved.attended), behind(saved.dropouts.attention), pass, inputGradient: .new)!
    let attending = pass.timeline?.begin(.backward, attentionPath)
    let projected = attention.backward(saved.projected, attended, saved.attention, turns: turns)
    attending?.end()
    norm1.backward(
      saved.input,
      project.backward(
        NormalisedInput(norm1.forward(saved.input, pass.store)), NormalisedGradient(projected), pass,
        inputGradient: .new)!, addedTo: gradient, pass)
    try pass.gradients.finished(range)
  }

  /// Floating-point operations of a forward pass over one sequence: linear and quadratic in its frames.
  func cost(ofLength frames: Int) -> Int {
    frames * [project, join, widen, narrow].reduce(0) { $0 + $1.geometry.operationsPerTimestep }
      + attention.operations(ofLength: frames)
  }
}
