import PackedTensors
import Tracing

/// `dropout(act(norm(W x + b)))` at every timestep; a first one has no W, because the stem is that.
public struct PerceptronLayer: Sendable {
  let linear: ConvolutionLayer?
  let norm: BatchNorm?
  let activation: Activation
  private let dropout: Double
  private let path: String

  /// Registers a layer under `path`.
  /// - Parameter isFirst: whether it reads what a stem has multiplied.
  public init(
    _ path: String, width: Int, isFirst: Bool, isNormalised: Bool, activation: Activation, dropout: Double,
    in store: ParameterStore
  ) {
    linear = isFirst ? nil : ConvolutionLayer(linear: path + ".linear", inputs: width, outputs: width, in: store)
    norm = isNormalised ? BatchNorm(path + ".norm", channels: width, in: store) : nil
    self.activation = activation
    self.dropout = dropout
    self.path = path
  }

  /// The layer's range in the arenas; none where there is nothing to learn.
  public var range: Range<Int>? {
    let own = norm.map { $0.gain.range.lowerBound..<$0.bias.range.upperBound }
    guard let linear else { return own }
    return linear.range.lowerBound..<(own ?? linear.range).upperBound
  }

  /// What the adjoint needs.
  public struct Saved {
    let input: PackedTensor
    /// What the activation reads, through `affine`.
    let before: PackedTensor
    let affine: ChannelAffine
    let normalisation: Normalisation?
    let dropout: Dropout?
    let ids: [Int]
  }

  /// The output, `[timesteps, width]`.
  public func forward(_ x: PackedTensor, _ pass: inout ForwardPass) throws -> (PackedTensor, Saved) {
    let span = pass.timeline?.begin(.forward, path)
    defer { span?.end() }
    var moments = norm?.moments(pass, lanes: x.layout.carriedLanes) ?? nil
    var before = x
    if let linear {
      before = linear.forward(NormalisedInput(x), pass, moments: &moments)
    } else {
      moments?.add(x)
    }
    let normalisation = try norm?.normalisation(moments, timesteps: x.layout.globalTimesteps, &pass)
    let saved = Saved(
      input: x, before: before, affine: normalisation?.affine ?? .identity(channels: x.channels),
      normalisation: normalisation, dropout: pass.dropout(dropout, layer: path), ids: pass.ids)
    let output = NormalisedInput(before, affine: saved.affine, activation: activation).materialised()
    saved.dropout?.apply(to: output, ids: pass.ids)
    return (output, saved)
  }

  /// Adds the parameters' gradients to the arena and returns the input's. Overwrites `gradient`.
  public func backward(_ gradient: PackedTensor, _ saved: Saved, _ pass: BackwardPass) throws -> PackedTensor {
    let span = pass.timeline?.begin(.backward, path)
    defer { span?.end() }
    saved.dropout?.apply(to: gradient, ids: saved.ids)
    var adjoint = ActivationAdjoint(
      input: saved.before, affine: saved.affine, activation: activation,
      standardise: saved.normalisation?.standardise ?? .identity(channels: gradient.channels))
    adjoint.apply(to: gradient)
    var incoming = NormalisedGradient(gradient)
    if let norm, let normalisation = saved.normalisation {
      let coefficients = try norm.backward(adjoint.sums, normalisation, pass)
      incoming = NormalisedGradient(gradient, adjoint: (saved.before, coefficients))
    }
    let below =
      linear.map { $0.backward(NormalisedInput(saved.input), incoming, pass, inputGradient: .new)! }
      ?? incoming.materialised()
    if let range { try pass.gradients.finished(range) }
    return below
  }
}
