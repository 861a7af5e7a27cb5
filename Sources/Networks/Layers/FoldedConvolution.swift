import PackedTensors

/// A convolution and the batch normalisation behind it as one convolution: what evaluation uses, where the moments are
/// the running ones.
///
/// `γ/σ·(w∗x + b − μ) + β = (γ/σ·w)∗x + (γ/σ·(b − μ) + β)`, formed in Double and rounded once.
struct FoldedConvolution {
  private let layer: ConvolutionLayer
  private let weight: [Float]
  private let bias: [Float]

  /// Folds a layer's parameters. Complexity: O(parameters).
  init(_ layer: ConvolutionLayer, _ norm: BatchNorm, _ store: ParameterStore) {
    self.layer = layer
    let (gain, shift) = (store[norm.gain], store[norm.bias])
    let (mean, variance) = (store[norm.runningMean], store[norm.runningVariance])
    let scale = zip(gain, variance).map { Double($0) / (Double($1) + norm.epsilon).squareRoot() }
    var weight = store[layer.weight]
    let row = weight.count / scale.count
    for (output, scale) in scale.enumerated() {
      for index in output * row..<(output + 1) * row { weight[index] = Float(scale * Double(weight[index])) }
    }
    self.weight = weight
    bias = store[layer.bias].enumerated().map {
      Float(scale[$0] * (Double($1) - Double(mean[$0])) + Double(shift[$0]))
    }
  }

  /// `act(norm(conv(x)))`, or `act(norm(conv(x)) + skip)`, which overwrites the skip.
  func forward(_ x: PackedTensor, activation: Activation, overwriting skip: PackedTensor? = nil) -> PackedTensor {
    Convolution.evaluate(
      layer.geometry, x, weight: weight, bias: bias, precision: layer.precision, activation: activation,
      overwriting: skip)
  }
}
