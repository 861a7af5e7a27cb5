import PackedTensors

/// Pooling, dropout and a linear layer: from an encoder's frames to logits, a row for each sequence.
public struct ClassificationHead: Sendable {
  /// How frames become one row.
  public let pooling: Pooling
  /// Dropout on the pooled embedding.
  public let dropout: Double
  /// `[classes, width]`.
  public let linear: ConvolutionLayer

  /// Registers a head under `path`.
  public init(_ path: String, width: Int, classes: Int, pooling: Pooling, dropout: Double, in store: ParameterStore) {
    self.pooling = pooling
    self.dropout = dropout
    linear = ConvolutionLayer(linear: path, inputs: width, outputs: classes, in: store)
  }

  /// What the adjoint needs.
  public struct Saved {
    let pooled: PackedTensor
    let pooling: Pooling.Saved
    let dropout: Dropout?
    let ids: [Int]
  }

  /// Logits, `[sequences, classes]`, of embeddings `[frames, width]`.
  public func forward(_ embedding: PackedTensor, _ pass: ForwardPass) -> (PackedTensor, Saved) {
    let (pooled, saved) = pooling.forward(embedding)
    let dropped = pass.dropout(dropout, layer: linear.weight.name)
    dropped?.apply(to: pooled, ids: pass.ids)
    let logits = linear.forward(NormalisedInput(pooled), pass)
    return (logits, Saved(pooled: pooled, pooling: saved, dropout: dropped, ids: pass.ids))
  }

  /// The gradient of the embeddings for a gradient of the logits.
  public func backward(_ gradient: PackedTensor, _ saved: Saved, _ pass: BackwardPass) throws -> OutputGradient {
    let pooled = linear.backward(
      NormalisedInput(saved.pooled), NormalisedGradient(gradient), pass, inputGradient: .new)!
    saved.dropout?.apply(to: pooled, ids: saved.ids)
    try pass.gradients.finished(linear.range)
    return pooling.backward(pooled, saved.pooling)
  }
}
