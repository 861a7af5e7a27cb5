internal import CKernels

/// Gives a convolution the input rows that a chunk needs, through the input's map. Addresses alone, so that a chunk counts no
/// references.
struct InputLoader {
  /// What lies in memory.
  let input: RowAddresses
  fileprivate let code: ck_activation
  /// Where rows are mapped to, and the map; none: the rows as they are.
  fileprivate let map: (scratch: UnsafeMutablePointer<Float>, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>)?

  /// Whether rows are mapped, all that are asked for at once.
  var isMapped: Bool { map != nil }

  /// A pointer to the first of `rows` of the tensor.
  func rows(_ rows: Range<Int>) -> UnsafePointer<Float> {
    let from = input.row(rows.lowerBound)
    guard let map else { return UnsafePointer(from) }
    Kernels.active.affine_activation(from, map.scale, map.shift, code, rows.count, input.channels, map.scratch)
    return UnsafePointer(map.scratch)
  }
}

extension NormalisedInput {
  /// Loads leaves for the convolution, as long as `body` runs, for one thread.
  func withLoader<R>(_ geometry: ConvolutionGeometry, _ body: (InputLoader) throws -> R) rethrows -> R {
    let (rows, code) = (RowAddresses(tensor), activation.code)
    guard let affine else {
      return try withExtendedLifetime(tensor) { try body(InputLoader(input: rows, code: code, map: nil)) }
    }
    let scratch = StoragePool.shared.lease(geometry.inputRowsOfChunk * geometry.inputChannels)
    return try withExtendedLifetime((tensor, scratch)) {
      try affine.scale.padded.withUnsafeBufferPointer { scale in
        try affine.shift.padded.withUnsafeBufferPointer { shift in
          try body(
            InputLoader(input: rows, code: code, map: (scratch.base, scale.baseAddress!, shift.baseAddress!)))
        }
      }
    }
  }
}

/// Gives a convolution's adjoint the output-gradient rows that a chunk needs, through a normalisation's adjoint. Addresses
/// alone, as ``InputLoader``.
struct GradientLoader {
  /// The gradient behind the normalisation.
  let gradient: RowAddresses
  /// The normalisation's input, if there is one.
  var input: RowAddresses? { map?.input }
  /// The normalisation's input, where rows are formed, and the coefficients; none: the rows as they are.
  fileprivate let map:
    (
      input: RowAddresses, scratch: UnsafeMutablePointer<Float>, a: UnsafePointer<Float>, b: UnsafePointer<Float>,
      c: UnsafePointer<Float>
    )?

  /// A pointer to the first of `rows` of the tensor.
  func rows(_ rows: Range<Int>) -> UnsafePointer<Float> {
    let from = gradient.row(rows.lowerBound)
    guard let map else { return UnsafePointer(from) }
    Kernels.active.affine_gradient(
      from, map.input.row(rows.lowerBound), map.a, map.b, map.c, rows.count, gradient.channels, map.scratch)
    return UnsafePointer(map.scratch)
  }
}

extension NormalisedGradient {
  /// Loads leaves, as long as `body` runs, for one thread.
  /// - Parameter rows: the most that will be asked for at once.
  func withLoader<R>(rows: Int, _ body: (GradientLoader) throws -> R) rethrows -> R {
    let gradient = RowAddresses(tensor)
    guard let (input, coefficients) = adjoint else {
      return try withExtendedLifetime(tensor) { try body(GradientLoader(gradient: gradient, map: nil)) }
    }
    let scratch = StoragePool.shared.lease(rows * tensor.channels)
    return try withExtendedLifetime((tensor, input, scratch)) {
      try coefficients.a.padded.withUnsafeBufferPointer { a in
        try coefficients.b.padded.withUnsafeBufferPointer { b in
          try coefficients.c.padded.withUnsafeBufferPointer { c in
            try body(
              GradientLoader(
                gradient: gradient,
                map: (RowAddresses(input), scratch.base, a.baseAddress!, b.baseAddress!, c.baseAddress!)))
          }
        }
      }
    }
  }
}
