import PackedTensors
import Tracing

/// `act(norm(conv(act(norm(conv(x))))) + skip(x))` (He et al. 2016): the first convolution may stride; the skip is x
/// itself, or a normalised 1-tap convolution of it where width or stride change.
public struct ResidualBlock: Sendable {
  let path: String
  let conv1: ConvolutionLayer
  let norm1: BatchNorm
  let conv2: ConvolutionLayer
  let norm2: BatchNorm
  let projection: (conv: ConvolutionLayer, norm: BatchNorm)?
  let activation: Activation
  let dropout: Double

  /// Size and steps of a block.
  public struct Shape: Sendable, Hashable {
    /// Channels of the output.
    public var width: Int
    /// Taps of both convolutions.
    public var kernel: Int
    /// Stride of the first convolution.
    public var stride: Int
    /// Dilation of both convolutions.
    public var dilation: Int

    /// A shape; stride and dilation are 1 unless given.
    public init(width: Int, kernel: Int, stride: Int = 1, dilation: Int = 1) {
      self.width = width
      self.kernel = kernel
      self.stride = stride
      self.dilation = dilation
    }
  }

  /// Registers a block under `path`.
  public init(
    _ path: String, inputs: Int, _ shape: Shape, causal: Bool, activation: Activation, dropout: Double,
    in store: ParameterStore
  ) {
    self.path = path
    self.activation = activation
    self.dropout = dropout
    func geometry(_ inputs: Int, kernel: Int, stride: Int, dilation: Int) -> ConvolutionGeometry {
      ConvolutionGeometry(
        inputChannels: inputs, outputChannels: shape.width, kernel: kernel, stride: stride, dilation: dilation,
        causal: causal)
    }
    conv1 = ConvolutionLayer(
      path + ".conv1", geometry(inputs, kernel: shape.kernel, stride: shape.stride, dilation: shape.dilation), in: store
    )
    norm1 = BatchNorm(path + ".norm1", channels: shape.width, in: store)
    conv2 = ConvolutionLayer(
      path + ".conv2", geometry(shape.width, kernel: shape.kernel, stride: 1, dilation: shape.dilation), in: store)
    norm2 = BatchNorm(path + ".norm2", channels: shape.width, in: store)
    if inputs != shape.width || shape.stride > 1 {
      projection = (
        ConvolutionLayer(
          path + ".skip.conv", geometry(inputs, kernel: 1, stride: shape.stride, dilation: 1), in: store),
        BatchNorm(path + ".skip.norm", channels: shape.width, in: store)
      )
    } else {
      projection = nil
    }
  }

  var range: Range<Int> {
    conv1.range.lowerBound..<(projection?.norm.bias ?? norm2.bias).range.upperBound
  }

  /// What the adjoint needs: the inputs of both normalisations and the join.
  public struct Saved {
    let input: PackedTensor
    let first: PackedTensor
    let firstNormalisation: Normalisation
    let join: ResidualJoin
    let output: PackedTensor
    let dropout: Dropout?
    let ids: [Int]
  }

  func forward(_ x: PackedTensor, _ pass: inout ForwardPass) throws -> (PackedTensor, Saved) {
    let span = pass.timeline?.begin(.forward, path)
    defer { span?.end() }
    let lanes = x.layout.carriedLanes
    var moments = norm1.moments(pass, lanes: lanes)
    let first = conv1.forward(NormalisedInput(x), pass, moments: &moments)
    let timesteps = first.layout.globalTimesteps
    let normalisation1 = try norm1.normalisation(moments, timesteps: timesteps, &pass)

    moments = norm2.moments(pass, lanes: lanes)
    let second = conv2.forward(
      NormalisedInput(first, affine: normalisation1.affine, activation: activation), pass, moments: &moments)
    let normalisation2 = try norm2.normalisation(moments, timesteps: timesteps, &pass)

    var skip = x
    var skipNormalisation: Normalisation?
    if let projection {
      moments = projection.norm.moments(pass, lanes: lanes)
      skip = projection.conv.forward(NormalisedInput(x), pass, moments: &moments)
      skipNormalisation = try projection.norm.normalisation(moments, timesteps: timesteps, &pass)
    }
    let join = ResidualJoin(
      branch: second, normalisation: normalisation2, skip: skip, skipNormalisation: skipNormalisation,
      activation: activation)
    let output = join.forward()
    let dropped = pass.dropout(dropout, layer: path)
    let saved = Saved(
      input: x, first: first, firstNormalisation: normalisation1, join: join, output: output, dropout: dropped,
      ids: pass.ids)
    guard let dropped else { return (output, saved) }
    // The adjoint of the join reads its output, so dropout works on a copy.
    let kept = output.copy()
    dropped.apply(to: kept, ids: pass.ids)
    return (kept, saved)
  }

  /// The block's output in evaluation, in which dropout does nothing. Overwrites x where it is the skip.
  func embed(_ x: PackedTensor, _ store: ParameterStore) -> PackedTensor {
    let first = FoldedConvolution(conv1, norm1, store).forward(x, activation: activation)
    let skip = projection.map { FoldedConvolution($0.conv, $0.norm, store).forward(x, activation: .identity) }
    return FoldedConvolution(conv2, norm2, store).forward(first, activation: activation, overwriting: skip ?? x)
  }

  /// The gradient of the block's input.
  func backward(_ gradient: OutputGradient, _ saved: Saved, _ pass: BackwardPass) throws -> PackedTensor {
    let span = pass.timeline?.begin(.backward, path)
    defer { span?.end() }
    var gradient = gradient
    if let dropout = saved.dropout {
      let rows = gradient.expanded(to: saved.output.layout)
      dropout.apply(to: rows, ids: saved.ids)
      gradient = OutputGradient(rows)
    }
    let joined = saved.join.backward(gradient, output: saved.output)
    let adjoint2 = try norm2.backward(joined.branchSums, saved.join.normalisation, pass)

    var activationAdjoint: ActivationAdjoint? = ActivationAdjoint(
      input: saved.first, affine: saved.firstNormalisation.affine, activation: activation,
      standardise: saved.firstNormalisation.standardise)
    let between = conv2.backward(
      NormalisedInput(saved.first, affine: saved.firstNormalisation.affine, activation: activation),
      NormalisedGradient(joined.gradient, adjoint: (saved.join.branch, adjoint2)), pass, inputGradient: .new,
      activation: &activationAdjoint)!
    let adjoint1 = try norm1.backward(activationAdjoint!.sums, saved.firstNormalisation, pass)

    let input = NormalisedInput(saved.input)
    let gradient1 = NormalisedGradient(between, adjoint: (saved.first, adjoint1))
    let result: PackedTensor
    if let projection, let normalisation = saved.join.skipNormalisation, let sums = joined.skipSums {
      let skipAdjoint = try projection.norm.backward(sums, normalisation, pass)
      result = conv1.backward(input, gradient1, pass, inputGradient: .new)!
      _ = projection.conv.backward(
        input, NormalisedGradient(joined.gradient, adjoint: (saved.join.skip, skipAdjoint)), pass,
        inputGradient: .added(result))
    } else {
      result = conv1.backward(input, gradient1, pass, inputGradient: .added(joined.gradient))!
    }
    try pass.gradients.finished(range)
    return result
  }

  func cost(ofLength length: Int) -> (operations: Int, length: Int) {
    let after = conv1.geometry.outputLength(length)
    let perFrame =
      conv1.geometry.operationsPerTimestep + conv2.geometry.operationsPerTimestep
      + (projection?.conv.geometry.operationsPerTimestep ?? 0)
    return (after * perFrame, after)
  }
}
