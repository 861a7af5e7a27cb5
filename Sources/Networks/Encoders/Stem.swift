import PackedTensors
import Tracing

/// The first layer: categories become learned vectors, numbers go through a convolution; a normalisation and activation
/// may follow.
public struct Stem: Sendable {
  private let path: String
  let embedding: (table: Parameter, categories: Int, width: Int)?
  let conv: ConvolutionLayer?
  let norm: BatchNorm?
  let activation: Activation

  /// Size and steps of a stem.
  public struct Shape: Sendable, Hashable {
    /// Channels of the output.
    public var width: Int
    /// Taps of the convolution.
    public var kernel: Int
    /// Stride of the convolution.
    public var stride: Int
    /// Whether a batch norm and the activation follow.
    public var isNormalised: Bool

    /// A shape.
    public init(width: Int, kernel: Int = 1, stride: Int = 1, isNormalised: Bool = false) {
      self.width = width
      self.kernel = kernel
      self.stride = stride
      self.isNormalised = isNormalised
    }
  }

  /// Registers a stem under `path`. Categories are looked up; a convolution follows where kernel or stride is above 1.
  init(
    _ path: String, features: Int, categories: Int?, _ shape: Shape, causal: Bool, activation: Activation,
    in store: ParameterStore
  ) {
    self.path = path
    self.activation = activation
    if let categories {
      embedding = (
        store.addParameter(path + ".embedding.weight", shape: [features * categories, shape.width], .normal(1)),
        categories,
        shape.width
      )
    } else {
      embedding = nil
    }
    if categories == nil || shape.kernel > 1 || shape.stride > 1 {
      conv = ConvolutionLayer(
        path + ".conv",
        ConvolutionGeometry(
          inputChannels: categories == nil ? features : shape.width, outputChannels: shape.width, kernel: shape.kernel,
          stride: shape.stride, causal: causal), in: store)
    } else {
      conv = nil
    }
    norm = shape.isNormalised ? BatchNorm(path + ".norm", channels: shape.width, in: store) : nil
  }

  var stride: Int { conv?.geometry.stride ?? 1 }
  var range: Range<Int> {
    let first = embedding?.table.range.lowerBound ?? conv!.range.lowerBound
    return first..<(norm?.bias.range.upperBound ?? conv?.range.upperBound ?? embedding!.table.range.upperBound)
  }

  /// Floating-point operations of a forward pass over one sequence, and the length of what comes out.
  func cost(ofLength length: Int) -> (operations: Int, length: Int) {
    guard let conv else { return (0, length) }
    let after = conv.geometry.outputLength(length)
    return (after * conv.geometry.operationsPerTimestep, after)
  }

  /// What the adjoint needs.
  public struct Saved {
    let input: EncoderInput
    let embedded: PackedTensor?
    /// Input and map of the normalisation, where there is one.
    let normalised: (PackedTensor, Normalisation)?
    let hidden: (HiddenRows, Parameter)?
    /// Layout of the stem's output.
    let layout: RaggedLayout
  }

  func forward(_ input: EncoderInput, _ pass: inout ForwardPass) throws -> (PackedTensor, Saved) {
    let span = pass.timeline?.begin(.forward, path)
    defer { span?.end() }
    var x = input.values
    var embedded: PackedTensor?
    var hidden: (HiddenRows, Parameter)?
    if let embedding {
      let looking = pass.timeline?.begin(.forward, embedding.table.name)
      x = pass.store.withPointer(embedding.table) {
        Embedding.forward(x, table: $0, categories: embedding.categories, width: embedding.width)
      }
      looking?.end()
      if let replacement = input.replacement {
        hidden = (replacement.hidden, replacement.vector)
        pass.store.withPointer(replacement.vector) { replacement.hidden.replace(in: x, with: $0) }
      }
      embedded = x
    }
    var moments = norm?.moments(pass, lanes: x.layout.carriedLanes) ?? nil
    if let conv {
      if let replacement = input.replacement, embedding == nil {
        x = conv.forward(NormalisedInput(x), pass)
        let rows = replacement.hidden.strided(by: conv.geometry.stride, from: input.values.layout)
        hidden = (rows, replacement.vector)
        pass.store.withPointer(replacement.vector) { rows.replace(in: x, with: $0) }
        moments?.add(x)
      } else {
        x = conv.forward(NormalisedInput(x), pass, moments: &moments)
      }
    } else {
      moments?.add(x)
    }
    guard let norm else {
      return (x, Saved(input: input, embedded: embedded, normalised: nil, hidden: hidden, layout: x.layout))
    }
    let normalisation = try norm.normalisation(moments, timesteps: x.layout.globalTimesteps, &pass)
    let output = NormalisedInput(x, affine: normalisation.affine, activation: activation).materialised()
    return (
      output, Saved(input: input, embedded: embedded, normalised: (x, normalisation), hidden: hidden, layout: x.layout)
    )
  }

  /// The stem's output in evaluation, which belongs to the caller alone.
  func embed(_ input: EncoderInput, _ pass: inout ForwardPass) throws -> PackedTensor {
    guard let conv, let norm, input.replacement == nil else { return try forward(input, &pass).0 }
    var x = input.values
    if let embedding {
      x = pass.store.withPointer(embedding.table) {
        Embedding.forward(x, table: $0, categories: embedding.categories, width: embedding.width)
      }
    }
    return FoldedConvolution(conv, norm, pass.store).forward(x, activation: activation)
  }

  /// Adds the gradients of the stem and of the replacement's vector; overwrites `gradient`.
  func backward(_ gradient: PackedTensor, _ saved: Saved, _ pass: BackwardPass) throws {
    let span = pass.timeline?.begin(.backward, path)
    defer { span?.end() }
    var incoming = NormalisedGradient(gradient)
    if let norm, let (z, normalisation) = saved.normalised {
      var adjoint = ActivationAdjoint(
        input: z, affine: normalisation.affine, activation: activation, standardise: normalisation.standardise)
      adjoint.apply(to: gradient)
      incoming = NormalisedGradient(gradient, adjoint: (z, try norm.backward(adjoint.sums, normalisation, pass)))
    }
    if let conv {
      if embedding == nil, saved.hidden != nil {
        incoming = NormalisedGradient(try takeHidden(incoming.materialised(), saved, pass))
      }
      let source = NormalisedInput(saved.embedded ?? saved.input.values)
      let below = conv.backward(source, incoming, pass, inputGradient: embedding == nil ? .none : .new)
      if let below { try backwardEmbedding(below, saved, pass) }
    } else {
      try backwardEmbedding(incoming.materialised(), saved, pass)
    }
    try pass.gradients.finished(range)
  }

  private func takeHidden(_ gradient: PackedTensor, _ saved: Saved, _ pass: BackwardPass) throws -> PackedTensor {
    guard let (rows, vector) = saved.hidden else { return gradient }
    var fold = LaneFold(pass.gradients, elements: vector.count)
    rows.takeGradient(from: gradient) { lane, sum in
      fold.add(lane, sum) { pass.gradients.pointer(vector, node: $0).update(from: $1, count: vector.count) }
    }
    try pass.gradients.finished(vector.range)
    return gradient
  }

  private func backwardEmbedding(_ gradient: PackedTensor, _ saved: Saved, _ pass: BackwardPass) throws {
    guard let embedding else { return }
    let span = pass.timeline?.begin(.backward, embedding.table.name)
    defer { span?.end() }
    let gradient = try takeHidden(gradient, saved, pass)
    var fold = LaneFold(pass.gradients, elements: embedding.table.count)
    Embedding.backward(saved.input.values, gradient, categories: embedding.categories) { lane, table in
      fold.add(lane, table) {
        pass.gradients.pointer(embedding.table, node: $0).update(from: $1, count: embedding.table.count)
      }
    }
  }
}
