internal import CKernels

/// Channels, taps and steps of a one-dimensional convolution over ragged sequences.
///
/// A sequence of `n` timesteps gives `ceil(n / stride)`. Output timestep t reads input timesteps `t·stride − left +
/// k·dilation`; taps outside the sequence are skipped. `same`: `left = floor(dilation·(kernel − 1) / 2)`, so that an
/// odd kernel is centred; causal: `left = dilation·(kernel − 1)`, so that no output sees its future.
public struct ConvolutionGeometry: Sendable, Hashable {
  /// Channels read.
  public let inputChannels: Int
  /// Channels written.
  public let outputChannels: Int
  /// Number of taps.
  public let kernel: Int
  /// Timesteps from one output to the next.
  public let stride: Int
  /// Timesteps from one tap to the next.
  public let dilation: Int
  /// Timesteps that the first tap lies before `t·stride`.
  public let left: Int

  /// A geometry; all numbers at least 1.
  public init(
    inputChannels: Int, outputChannels: Int, kernel: Int, stride: Int = 1, dilation: Int = 1, causal: Bool = false
  ) {
    precondition(
      min(inputChannels, outputChannels, kernel, stride, dilation) >= 1,
      "channels \(inputChannels) → \(outputChannels), kernel \(kernel), stride \(stride), dilation \(dilation) must be at least 1"
    )
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    left = causal ? dilation * (kernel - 1) : dilation * (kernel - 1) / 2
  }

  /// Timesteps between the first and the last tap.
  public var reach: Int { dilation * (kernel - 1) }
  /// Timesteps of the output for an input of `length`.
  public func outputLength(_ length: Int) -> Int { (length + stride - 1) / stride }
  /// Floating-point operations of one output timestep, forward.
  public var operationsPerTimestep: Int { 2 * inputChannels * outputChannels * kernel }

  var kernelParameters: ck_convolution {
    ck_convolution(
      in: inputChannels, out: outputChannels, taps: kernel, stride: stride, dilation: dilation, left: left)
  }

  /// The most input rows that one leaf reads.
  var inputRowsOfLeaf: Int { (KernelSizes.leaf - 1) * stride + reach + 1 }

  /// Input rows that output rows `rows` read, within a sequence of `length`.
  func inputRows(for rows: Range<Int>, length: Int) -> Range<Int> {
    let first = max(0, rows.lowerBound * stride - left)
    let last = min(length, (rows.upperBound - 1) * stride - left + reach + 1)
    return min(first, last)..<max(first, last)
  }

  /// Output rows that input rows `rows` contribute to, within an output of `length`.
  func outputRows(for rows: Range<Int>, length: Int) -> Range<Int> {
    let lowest = rows.lowerBound + left - reach
    let first = lowest <= 0 ? 0 : (lowest + stride - 1) / stride
    let last = min(length, (rows.upperBound - 1 + left) / stride + 1)
    return min(first, last)..<max(first, last)
  }

  /// The adjoint with respect to the input, one convolution for each residue of the input timestep modulo the stride.
  ///
  /// Input timestep `u = phase + stride·m` receives tap k from output timestep `(u + left − k·dilation) / stride` where
  /// that is whole. Those taps form an arithmetic progression; in descending order they read ascending output timesteps
  /// with a constant step.
  var adjointPhases: [AdjointPhase] {
    (0..<stride).map { phase in
      let taps = (0..<kernel).filter { (phase + left - $0 * dilation) % stride == 0 }.reversed()
      let ordered = Array(taps)
      guard let first = ordered.first else { return AdjointPhase(phase: phase, taps: [], parameters: ck_convolution()) }
      let step = ordered.count > 1 ? (ordered[0] - ordered[1]) * dilation / stride : 1
      return AdjointPhase(
        phase: phase, taps: ordered,
        parameters: ck_convolution(
          in: outputChannels, out: inputChannels, taps: ordered.count, stride: 1, dilation: step,
          left: -((phase + left - first * dilation) / stride)))
    }
  }
}

/// The part of a convolution's adjoint that writes the input timesteps `phase + stride·m`.
struct AdjointPhase {
  let phase: Int
  /// Taps in the order in which they are summed.
  let taps: [Int]
  let parameters: ck_convolution
}
