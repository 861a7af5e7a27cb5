internal import CKernels

/// An element-wise nonlinearity.
public enum Activation: String, Sendable, CaseIterable {
  /// `x`.
  case identity
  /// `max(x, 0)`; its derivative at 0 is 0.
  case relu
  /// `x·Φ(x)`, the erf form (Hendrycks and Gimpel 2016).
  case gelu
  /// `x`, below 0 a fifth of it (Maas, Hannun and Ng 2013); its derivative at 0 is a fifth.
  case leakyReLU

  var code: ck_activation {
    switch self {
    case .identity: CK_IDENTITY
    case .relu: CK_RELU
    case .gelu: CK_GELU
    case .leakyReLU: CK_LEAKY_RELU
    }
  }
}

/// `x·scale + shift`, a scale and a shift for each channel.
public struct ChannelAffine: Sendable {
  /// Factor of each channel.
  public let scale: ChannelVector
  /// Summand of each channel.
  public let shift: ChannelVector

  /// A map from its factors and summands, one of each for every channel.
  public init(scale: [Float], shift: [Float]) {
    precondition(scale.count == shift.count, "\(scale.count) scales and \(shift.count) shifts")
    self.scale = ChannelVector(scale)
    self.shift = ChannelVector(shift)
  }

  /// Gives factors and summands of two maps to `body`, as kernels read them.
  static func withValues<R>(
    of first: ChannelAffine, _ second: ChannelAffine,
    _ body: (
      UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>
    ) throws -> R
  ) rethrows -> R {
    try first.scale.padded.withUnsafeBufferPointer { scale1 in
      try first.shift.padded.withUnsafeBufferPointer { shift1 in
        try second.scale.padded.withUnsafeBufferPointer { scale2 in
          try second.shift.padded.withUnsafeBufferPointer { shift2 in
            try body(scale1.baseAddress!, shift1.baseAddress!, scale2.baseAddress!, shift2.baseAddress!)
          }
        }
      }
    }
  }

  /// The map that changes nothing.
  public static func identity(channels: Int) -> ChannelAffine {
    ChannelAffine(scale: [Float](repeating: 1, count: channels), shift: [Float](repeating: 0, count: channels))
  }
}

/// A tensor as its reader sees it: `act(x·scale + shift)`, applied while loading, so that a normalised activation is
/// never written to memory.
public struct NormalisedInput {
  /// What lies in memory, `[timesteps, channels]`.
  public let tensor: PackedTensor
  /// The map applied on loading; none: the tensor as it is.
  public let affine: ChannelAffine?
  /// The activation applied after the map.
  public let activation: Activation

  /// A tensor read through a map and an activation.
  public init(_ tensor: PackedTensor, affine: ChannelAffine? = nil, activation: Activation = .identity) {
    precondition(affine != nil || activation == .identity, "an activation on loading needs a map before it")
    self.tensor = tensor
    self.affine = affine
    self.activation = activation
  }
}

/// A gradient as its reader sees it: `g·a + (z·b + c)` with a, b, c a channel each, applied while loading. This is the
/// adjoint of a batch normalisation whose input was `z`.
public struct NormalisedGradient {
  /// The gradient behind the normalisation, `[timesteps, channels]`.
  public let tensor: PackedTensor
  /// The normalisation's input and coefficients; none: the gradient as it is.
  public let adjoint: (input: PackedTensor, coefficients: NormalisationAdjoint)?

  /// A gradient, read through the adjoint of a normalisation where one is given.
  public init(_ tensor: PackedTensor, adjoint: (input: PackedTensor, coefficients: NormalisationAdjoint)? = nil) {
    self.tensor = tensor
    self.adjoint = adjoint
  }
}

/// The coefficients a, b, c of a normalisation's adjoint, `g·a + (z·b + c)`.
public struct NormalisationAdjoint: Sendable {
  let a, b, c: ChannelVector

  /// Coefficients, one of each for every channel.
  public init(a: [Float], b: [Float], c: [Float]) {
    self.a = ChannelVector(a)
    self.b = ChannelVector(b)
    self.c = ChannelVector(c)
  }
}
