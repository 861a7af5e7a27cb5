import PackedTensors

/// From a row a frame to a row a timestep: transposed convolutions with ReLU, one for each factor of the frame, and a
/// linear layer at every timestep.
///
/// A factor s is undone by a kernel of 2s taps, so that every timestep hears of two frames; where a frame is one timestep
/// there is one layer of three taps, stride 1. Rows that stand for whole sequences (`PlacedRows`) go through a linear
/// layer with ReLU first, where what they say meets the place.
public struct TimestepDecoder: Sendable {
  /// Rows with places to rows of hidden channels; none where rows belong to frames.
  public let placing: ConvolutionLayer?
  /// From frames to timesteps, the coarsest first.
  public let stages: [TransposedConvolutionLayer]
  /// Hidden channels to outputs.
  public let output: ConvolutionLayer
  /// Timesteps of a frame.
  private let frame: Int

  /// Registers a decoder under `path`.
  /// - Parameters:
  ///   - inputs: channels of a row, places among them.
  ///   - hidden: channels of every layer within.
  ///   - outputs: channels of a timestep.
  ///   - placed: whether rows are `PlacedRows`.
  public init(
    _ path: String, inputs: Int, hidden: Int, outputs: Int, frame: Int, placed: Bool, in store: ParameterStore
  ) {
    self.frame = frame
    placing = placed ? ConvolutionLayer(linear: path + ".placing", inputs: inputs, outputs: hidden, in: store) : nil
    var stages: [TransposedConvolutionLayer] = []
    for stride in TimestepDecoder.strides(of: frame) {
      stages.append(
        TransposedConvolutionLayer(
          path + ".stages.\(stages.count)", inputs: stages.isEmpty && !placed ? inputs : hidden, outputs: hidden,
          kernel: stride == 1 ? 3 : 2 * stride, stride: stride, in: store))
    }
    self.stages = stages
    output = ConvolutionLayer(linear: path + ".output", inputs: hidden, outputs: outputs, in: store)
  }

  /// The factors of a frame, ascending: its prime factors, twos by pairs.
  static func strides(of frame: Int) -> [Int] {
    var (rest, factors) = (frame, [Int]())
    var factor = 4
    while rest > 1 {
      while rest % factor == 0 {
        factors.append(factor)
        rest /= factor
      }
      factor = factor == 4 ? 2 : factor == 2 ? 3 : factor * factor > rest ? rest : factor + 2
    }
    return factors.isEmpty ? [1] : factors.sorted()
  }

  /// The decoder's range in the arenas.
  public var range: Range<Int> {
    (placing?.range ?? stages[0].range).lowerBound..<output.range.upperBound
  }

  /// What the adjoint needs: what each layer read, in order.
  public struct Saved {
    var inputs: [PackedTensor]
  }

  /// `[timesteps, outputs]` of `[frames, inputs]`.
  /// - Parameter layout: the timesteps.
  public func forward(_ rows: PackedTensor, to layout: RaggedLayout, _ pass: ForwardPass) -> (PackedTensor, Saved) {
    var saved = Saved(inputs: [rows])
    func rectify(_ x: PackedTensor) {
      saved.inputs.append(
        NormalisedInput(x, affine: .identity(channels: x.channels), activation: .relu).materialised())
    }
    if let placing { rectify(placing.forward(NormalisedInput(rows), pass)) }
    var rest = frame
    for stage in stages {
      rest /= stage.geometry.stride
      rectify(stage.forward(saved.inputs.last!, to: layout.strided(by: rest), pass))
    }
    return (output.forward(NormalisedInput(saved.inputs.last!), pass), saved)
  }

  /// Adds the gradients of all parameters to the arena and returns that of the rows.
  public func backward(_ gradient: PackedTensor, _ saved: consuming Saved, _ pass: BackwardPass) throws -> PackedTensor
  {
    func unrectify(_ gradient: PackedTensor, _ x: PackedTensor) {
      // A rectified value is above 0 where what it was made of is.
      let identity = ChannelAffine.identity(channels: x.channels)
      var adjoint = ActivationAdjoint(input: x, affine: identity, activation: .relu, standardise: identity)
      adjoint.apply(to: gradient)
    }
    var x = saved.inputs.removeLast()
    var gradient = output.backward(NormalisedInput(x), NormalisedGradient(gradient), pass, inputGradient: .new)!
    try pass.gradients.finished(output.range)
    for stage in stages.reversed() {
      unrectify(gradient, x)
      x = saved.inputs.removeLast()
      gradient = try stage.backward(x, gradient, pass)
      try pass.gradients.poll()
    }
    if let placing {
      unrectify(gradient, x)
      x = saved.inputs.removeLast()
      gradient = placing.backward(NormalisedInput(x), NormalisedGradient(gradient), pass, inputGradient: .new)!
      try pass.gradients.finished(placing.range)
    }
    return gradient
  }
}
