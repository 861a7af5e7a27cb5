import PackedTensors

/// Pooling and two linear layers with a ReLU between them: from an encoder's frames to the row by which sequences are
/// compared (Chen et al. 2020, arXiv:2002.05709). It is thrown away after pretraining.
public struct ProjectionHead: Sendable {
  /// How frames become one row.
  public let pooling: Pooling
  /// `[hidden, width]`, and `[outputs, hidden]`.
  public let first, second: ConvolutionLayer

  /// Registers a head under `path`.
  public init(_ path: String, width: Int, hidden: Int, outputs: Int, pooling: Pooling, in store: ParameterStore) {
    self.pooling = pooling
    first = ConvolutionLayer(linear: path + ".linear1", inputs: width, outputs: hidden, in: store)
    second = ConvolutionLayer(linear: path + ".linear2", inputs: hidden, outputs: outputs, in: store)
  }

  /// The head's range in the arenas.
  public var range: Range<Int> { first.range.lowerBound..<second.range.upperBound }

  /// What the adjoint needs.
  public struct Saved {
    let pooled, hidden: PackedTensor
    let pooling: Pooling.Saved
    /// The hidden layer as the second one reads it.
    var rectified: NormalisedInput {
      NormalisedInput(hidden, affine: .identity(channels: hidden.channels), activation: .relu)
    }
  }

  /// Rows `[sequences, outputs]` of embeddings `[frames, width]`.
  public func forward(_ embedding: PackedTensor, _ pass: ForwardPass) -> (PackedTensor, Saved) {
    let (pooled, pooling) = pooling.forward(embedding)
    let hidden = first.forward(NormalisedInput(pooled), pass)
    let saved = Saved(pooled: pooled, hidden: hidden, pooling: pooling)
    return (second.forward(saved.rectified, pass), saved)
  }

  /// The gradient of the embeddings for a gradient of the rows.
  public func backward(_ gradient: PackedTensor, _ saved: Saved, _ pass: BackwardPass) throws -> OutputGradient {
    let identity = ChannelAffine.identity(channels: saved.hidden.channels)
    var activation: ActivationAdjoint? = ActivationAdjoint(
      input: saved.hidden, affine: identity, activation: .relu, standardise: identity)
    let hidden = second.backward(
      saved.rectified, NormalisedGradient(gradient), pass, inputGradient: .new, activation: &activation)!
    let pooled = first.backward(NormalisedInput(saved.pooled), NormalisedGradient(hidden), pass, inputGradient: .new)!
    try pass.gradients.finished(range)
    return pooling.backward(pooled, saved.pooling)
  }
}
