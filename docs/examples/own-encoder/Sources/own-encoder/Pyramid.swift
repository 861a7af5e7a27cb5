import Networks
import PackedTensors

/// Levels of a strided convolution, batch norm and ReLU, each half as long as the one below it: an encoder that is not in
/// Lockstep, made of its layers.
///
/// A layer is a value: where its parameters lie. `forward` returns what it makes and what the adjoint will need; `backward`
/// takes that and adds the parameters' gradients to the arena.
struct Pyramid: Encoder {
  struct Level {
    let convolution: ConvolutionLayer
    /// Batch norm and activation; without a product of its own, because the convolution is that.
    let activation: PerceptronLayer
  }

  let levels: [Level]
  let width: Int

  /// Registers an encoder under `path`.
  /// - Parameter features: features of a timestep.
  init(_ path: String, features: Int, width: Int, levels: Int, in store: ParameterStore) {
    self.width = width
    self.levels = (0..<levels).map { level in
      Level(
        convolution: ConvolutionLayer(
          "\(path).levels.\(level).conv",
          ConvolutionGeometry(
            inputChannels: level == 0 ? features : width, outputChannels: width, kernel: 4, stride: 2, causal: true),
          in: store),
        activation: PerceptronLayer(
          "\(path).levels.\(level)", width: width, isFirst: true, isNormalised: true, activation: .relu, dropout: 0,
          in: store))
    }
  }

  var stemWidth: Int { width }
  var frame: Int { 1 << levels.count }
  var receptiveField: Int? { levels.reduce(1) { field, _ in 2 * (field - 1) + 4 } }
  var isCausal: Bool { true }
  var range: Range<Int> {
    levels[0].convolution.range.lowerBound..<levels[levels.count - 1].activation.range!.upperBound
  }

  func cost(ofLength length: Int) -> Int {
    var (length, total) = (length, 0)
    for level in levels {
      length = (length + 1) / 2
      total += length * level.convolution.geometry.operationsPerTimestep
    }
    return total
  }

  struct Saved {
    /// What each level read.
    var inputs: [PackedTensor] = []
    var activations: [PerceptronLayer.Saved] = []
  }

  func forward(_ input: EncoderInput, _ pass: inout ForwardPass) throws -> (PackedTensor, Saved) {
    var (x, saved) = (input.values, Saved())
    for level in levels {
      let sums = level.convolution.forward(NormalisedInput(x), pass)
      saved.inputs.append(x)
      let (output, kept) = try level.activation.forward(sums, &pass)
      saved.activations.append(kept)
      x = output
    }
    return (x, saved)
  }

  func backward(_ gradient: OutputGradient, _ saved: consuming Saved, _ pass: BackwardPass) throws {
    let frames = levels.indices.reduce(saved.inputs[0].layout) { layout, _ in layout.strided(by: 2) }
    var gradient = gradient.expanded(to: frames)
    for (index, level) in levels.enumerated().reversed() {
      let incoming = try level.activation.backward(gradient, saved.activations[index], pass)
      let below = level.convolution.backward(
        NormalisedInput(saved.inputs[index]), NormalisedGradient(incoming), pass,
        inputGradient: index == 0 ? .none : .new)
      try pass.gradients.finished(level.convolution.range)
      if let below { gradient = below }
    }
  }
}
