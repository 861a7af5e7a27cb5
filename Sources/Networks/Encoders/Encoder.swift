import PackedTensors

/// What an encoder reads.
public struct EncoderInput {
  /// Values, `[timesteps, features]`: numbers, or categories as whole numbers.
  public let values: PackedTensor
  /// Timesteps whose stem output is replaced by a learned vector, `[stem width]`; none: nothing is replaced.
  public let replacement: (hidden: HiddenRows, vector: Parameter)?

  /// An input, some of whose timesteps may be hidden.
  public init(_ values: PackedTensor, replacement: (hidden: HiddenRows, vector: Parameter)? = nil) {
    self.values = values
    self.replacement = replacement
  }
}

/// The network that is kept: from timesteps to a row of `width` channels for every frame of them.
///
/// An encoder is a value: configuration and parameter handles. What `backward` needs is in `Saved`, the only tape there
/// is.
public protocol Encoder: Sendable {
  /// What the adjoint needs of the forward pass.
  associatedtype Saved
  /// Channels of a frame's embedding.
  var width: Int { get }
  /// Channels of the stem's output, which a learned vector may replace.
  var stemWidth: Int { get }
  /// Timesteps from one frame to the next: a sequence of n timesteps has `ceil(n / frame)` frames.
  var frame: Int { get }
  /// Timesteps that one frame's embedding can depend on; none where that is the whole sequence.
  var receptiveField: Int? { get }
  /// Whether no frame's embedding depends on timesteps of later frames.
  var isCausal: Bool { get }
  /// The encoder's range in the arenas.
  var range: Range<Int> { get }
  /// Analytic cost of a sequence, in floating-point operations of a forward pass.
  func cost(ofLength length: Int) -> Int

  /// Embeddings of all frames, `[frames, width]`.
  func forward(_ input: EncoderInput, _ pass: inout ForwardPass) throws -> (PackedTensor, Saved)
  /// The embeddings of ``forward(_:_:)`` in evaluation, up to rounding, where nobody will ask for a gradient: nothing needs
  /// to be kept, and normalisations can be folded. Unless an encoder has a way of its own it is `forward`.
  func embed(_ input: EncoderInput, _ pass: inout ForwardPass) throws -> PackedTensor
  /// Adds the gradients of the encoder's parameters, and of the replacement's vector, to the arena.
  func backward(_ gradient: OutputGradient, _ saved: consuming Saved, _ pass: BackwardPass) throws
}

extension Encoder {
  /// The embeddings of ``forward(_:_:)``.
  public func embed(_ input: EncoderInput, _ pass: inout ForwardPass) throws -> PackedTensor {
    try forward(input, &pass).0
  }
}
