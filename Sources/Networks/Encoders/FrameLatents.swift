import PackedTensors
import Tracing

/// From a frame's values to a row of latents: two linear layers with a ReLU between them; categories are looked up first.
/// What contrastive predictive coding compares its predictions with; it is thrown away after pretraining.
public struct FrameLatents: Sendable {
  /// `[features × categories, embedded]`, where values are categories.
  public let embedding: (table: Parameter, categories: Int)?
  /// `[hidden, frame × features]`, or `[hidden, frame × embedded]`; and `[outputs, hidden]`.
  public let first, second: ConvolutionLayer
  /// Channels of a looked-up timestep.
  private static let embedded = 16

  /// Registers the layers under `path`.
  /// - Parameters:
  ///   - frame: timesteps of a frame.
  ///   - categories: number of categories where values are looked up; none where they are read as numbers.
  public init(
    _ path: String, frame: Int, features: Int, categories: Int?, hidden: Int, outputs: Int, in store: ParameterStore
  ) {
    embedding = categories.map {
      (store.addParameter(path + ".embedding.weight", shape: [features * $0, Self.embedded], .normal(1)), $0)
    }
    first = ConvolutionLayer(
      linear: path + ".linear1", inputs: frame * (categories == nil ? features : Self.embedded), outputs: hidden,
      in: store)
    second = ConvolutionLayer(linear: path + ".linear2", inputs: hidden, outputs: outputs, in: store)
  }

  /// The range in the arenas.
  public var range: Range<Int> {
    (embedding?.table.range ?? first.range).lowerBound..<second.range.upperBound
  }

  /// What the adjoint needs.
  public struct Saved {
    let values, read, hidden: PackedTensor
    /// The hidden layer as the second one reads it.
    var rectified: NormalisedInput {
      NormalisedInput(hidden, affine: .identity(channels: hidden.channels), activation: .relu)
    }
  }

  /// Latents `[frames, outputs]` of values `[frames × frame, features]`.
  /// - Parameter frames: the layout of the frames.
  public func forward(_ values: PackedTensor, frames: RaggedLayout, _ pass: ForwardPass) -> (PackedTensor, Saved) {
    var x = values
    if let (table, categories) = embedding {
      let span = pass.timeline?.begin(.forward, table.name)
      defer { span?.end() }
      x = pass.store.withPointer(table) {
        Embedding.forward(values, table: $0, categories: categories, width: Self.embedded)
      }
    }
    let read = x.viewed(as: frames, channels: first.geometry.inputChannels)
    let hidden = first.forward(NormalisedInput(read), pass)
    let saved = Saved(values: values, read: read, hidden: hidden)
    return (second.forward(saved.rectified, pass), saved)
  }

  /// Adds the gradients of all parameters to the arena.
  public func backward(_ gradient: PackedTensor, _ saved: Saved, _ pass: BackwardPass) throws {
    let identity = ChannelAffine.identity(channels: saved.hidden.channels)
    var activation: ActivationAdjoint? = ActivationAdjoint(
      input: saved.hidden, affine: identity, activation: .relu, standardise: identity)
    let hidden = second.backward(
      saved.rectified, NormalisedGradient(gradient), pass, inputGradient: .new, activation: &activation)!
    let below = first.backward(
      NormalisedInput(saved.read), NormalisedGradient(hidden), pass, inputGradient: embedding == nil ? .none : .new)
    if let (table, categories) = embedding, let below {
      let span = pass.timeline?.begin(.backward, table.name)
      defer { span?.end() }
      var fold = LaneFold(pass.gradients, elements: table.count)
      let timesteps = below.viewed(as: saved.values.layout, channels: Self.embedded)
      Embedding.backward(saved.values, timesteps, categories: categories) { lane, sum in
        fold.add(lane, sum) { pass.gradients.pointer(table, node: $0).update(from: $1, count: table.count) }
      }
    }
    try pass.gradients.finished(range)
  }
}
