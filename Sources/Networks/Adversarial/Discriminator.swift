import PackedTensors

/// A critic and a linear layer that makes a score of its frames' mean: high for what is real, low for what is made. It
/// learns as in Wasserstein GANs with a gradient penalty (Gulrajani et al. 2017, arXiv:1704.00028).
public struct Discriminator: Sendable {
  /// From values to frames.
  public let critic: Critic
  /// `[1, width]`.
  public let score: ConvolutionLayer

  /// Registers the scoring layer under `path`.
  public init(_ path: String, critic: Critic, in store: ParameterStore) {
    self.critic = critic
    score = ConvolutionLayer(linear: path, inputs: critic.width, outputs: 1, in: store)
  }

  /// What a lesson was about, a number for each pair.
  public struct Lesson {
    /// Score of the real sequence less that of the made one.
    public let distances: [Double]
    /// What the slope of the score between the two costs.
    public let penalties: [Double]
  }

  /// A score for each sequence.
  public func scores(of values: PackedTensor, phases: PhaseShuffle, _ pass: ForwardPass) -> [Double] {
    let sums = critic.sums(of: values, phases: phases, pass)
    return scores(ofPooled: Pooling.mean.forward(Critic.read(sums[sums.count - 1]).materialised()).0, pass)
  }

  private func scores(ofPooled pooled: PackedTensor, _ pass: ForwardPass) -> [Double] {
    score.forward(NormalisedInput(pooled), pass).elements.map(Double.init)
  }

  /// Adds the gradients of Σ D(made) − D(real) + λ(‖∇D(mixed)‖ − 1)² over pairs to the arena.
  ///
  /// The penalty's gradient needs no second derivative of its own. With g = ∇D(mixed) and v = 2λ(‖g‖ − 1)·g/‖g‖ held
  /// fast it is that of v·∇D(mixed), the derivative of D along v; and along v, D is linear in each layer: what v becomes
  /// on its way forward through the layers, with the activations' slopes at the mixed sequence and without biases, takes
  /// the place of the layer's input in the weight's gradient (forward over reverse: Pearlmutter 1994). So all three kinds
  /// of sequence go backward together, and one pass forward with v is all that the penalty costs.
  /// - Parameters:
  ///   - real: values of each pair's real sequence, `[timesteps, features]`.
  ///   - made: those of the made one, of the same layout.
  ///   - mixed: points between the two, of the same layout.
  ///   - penalty: λ.
  ///   - phases: how far the critic's layers see the sequences moved.
  /// - Complexity: ten forward passes of one kind's sequences.
  public func learn(
    real: PackedTensor, made: PackedTensor, mixed: PackedTensor, penalty: Double,
    phases: LessonPhases, _ forward: ForwardPass, _ backward: BackwardPass
  ) throws -> Lesson {
    let ends = [real.layout, made.layout]
    let pairs = PackedTensor(joining: [real, made])
    let layouts = [pairs.layout, mixed.layout]
    let all = PackedTensor(joining: [pairs, mixed])
    let (store, layers) = (forward.store, critic.layers)

    let ofAll = PhaseShuffle(
      joining: [PhaseShuffle(joining: [phases.real, phases.made], of: ends), phases.mixed], of: layouts)

    let sums = critic.sums(of: all, phases: ofAll, forward)
    let (pooled, pooling) = Pooling.mean.forward(Critic.read(sums[layers.count - 1]).materialised())
    let scored = layouts.map(\.pooled)
    let ofPairs = PackedTensor(
      layout: pooled.layout, channels: 1, elements: scores(ofPooled: pooled, forward).map { Float($0) }
    ).part(0, of: scored).parts(ends.map(\.pooled)).map(\.elements)

    // Backward as far as each layer's sums: of D(made), −D(real) and D(mixed).
    let signs = PackedTensor(
      joining: [
        PackedTensor(joining: zip(ends, [-1, 1]).map { Discriminator.row($0, $1) }), Discriminator.row(mixed.layout, 1),
      ])
    var deltas = [pooling.spread(signs, score, store, to: sums[layers.count - 1].layout)]
    Critic.unread(deltas[0], sums[layers.count - 1])
    for layer in layers.indices.dropFirst().reversed() {
      deltas.append(
        critic.descend(deltas[deltas.count - 1], through: layer, to: sums[layer - 1], phases: ofAll, forward))
      try backward.gradients.poll()
    }
    deltas.reverse()

    // The slope between the pair, and v.
    let frames = layouts.map { $0.strided(by: critic.shape.stride) }
    var tangent = critic.descendToValues(
      deltas[0].part(1, of: frames), of: mixed.layout, phases: phases.mixed, forward)
    let penalties = Discriminator.steer(tangent, penalty: penalty)

    // v goes forward; what it becomes stands in for the mixed sequences' activations.
    var inputs: [PackedTensor] = []
    var parts = layouts
    var read = all
    read.replace(1, of: parts, with: tangent)
    for (layer, convolution) in layers.enumerated() {
      if let shift = ofAll.shift(ofLayer: layer, in: read.layout) {
        read = shift.forward(read)
        tangent = read.part(1, of: parts)
      }
      inputs.append(read)
      tangent = convolution.tangent(tangent, forward)
      parts = parts.map { $0.strided(by: critic.shape.stride) }
      Critic.unread(tangent, sums[layer].part(1, of: parts))
      read = Critic.read(sums[layer]).materialised()
      read.replace(1, of: parts, with: tangent)
    }
    let isOfPair = PackedTensor.isOfFirst(layouts)
    try score.parameterGradient(
      NormalisedInput(Pooling.mean.forward(read).0), signs, isCounted: isOfPair, backward)
    for layer in layers.indices.reversed() {
      try layers[layer].parameterGradient(
        NormalisedInput(inputs[layer]), deltas[layer], isCounted: isOfPair, backward)
      try backward.gradients.poll()
    }
    return Lesson(
      distances: zip(ofPairs[0], ofPairs[1]).map { Double($0) - Double($1) }, penalties: penalties)
  }

  /// The gradient of −Σ D(made) with respect to the made values, `[timesteps, features]`, and the scores.
  public func judge(
    _ made: PackedTensor, phases: PhaseShuffle, _ pass: ForwardPass
  ) -> (scores: [Double], gradient: PackedTensor) {
    let sums = critic.sums(of: made, phases: phases, pass)
    let top = sums[sums.count - 1]
    let (pooled, pooling) = Pooling.mean.forward(Critic.read(top).materialised())
    var delta = pooling.spread(Discriminator.row(made.layout, -1), score, pass.store, to: top.layout)
    Critic.unread(delta, top)
    for layer in critic.layers.indices.dropFirst().reversed() {
      delta = critic.descend(delta, through: layer, to: sums[layer - 1], phases: phases, pass)
    }
    return (scores(ofPooled: pooled, pass), critic.descendToValues(delta, of: made.layout, phases: phases, pass))
  }

  /// The same number for each sequence of a layout, `[sequences, 1]`.
  private static func row(_ layout: RaggedLayout, _ value: Float) -> PackedTensor {
    let row = PackedTensor(layout: layout.pooled, channels: 1)
    row.fill(value)
    return row
  }

  /// Turns each sequence's slope g into v, in place, and returns λ(‖g‖ − 1)² of each.
  private static func steer(_ slopes: PackedTensor, penalty: Double) -> [Double] {
    let layout = slopes.layout
    return (0..<layout.sequences).map { sequence in
      let first = slopes.row(layout.offsets[sequence])
      let count = layout.length(of: sequence) * slopes.channels
      let norm = ParameterUpdates.squareSum(first, count: count).squareRoot()
      let factor = norm == 0 ? 0 : Float(2 * penalty * (norm - 1) / norm)
      for index in 0..<count { first[index] *= factor }
      return penalty * (norm - 1) * (norm - 1)
    }
  }
}

extension Pooling.Saved {
  /// The gradient of frames behind a mean and a score, for a gradient of scores `[sequences, 1]`.
  fileprivate func spread(
    _ gradient: PackedTensor, _ score: ConvolutionLayer, _ store: ParameterStore, to frames: RaggedLayout
  ) -> PackedTensor {
    Pooling.mean.backward(score.inputGradient(gradient, to: gradient.layout, store), self).expanded(to: frames)
  }
}
