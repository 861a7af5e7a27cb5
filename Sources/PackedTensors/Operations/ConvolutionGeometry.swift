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

  /// One tap that lies `delay` timesteps before its output, or behind it where that is negative.
  init(inputChannels: Int, outputChannels: Int, delay: Int) {
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    (kernel, stride, dilation) = (1, 1, 1)
    left = delay
  }

  /// Timesteps between the first and the last tap.
  public var reach: Int { dilation * (kernel - 1) }
  /// Whether a chunk needs so many rows beside its own that maps on loading would be computed again and again: then they
  /// are computed once, before.
  var reachesFar: Bool { reach > 2 * KernelSizes.leaf }
  /// Timesteps of the output for an input of `length`.
  public func outputLength(_ length: Int) -> Int { (length + stride - 1) / stride }
  /// Floating-point operations of one output timestep, forward.
  public var operationsPerTimestep: Int { 2 * inputChannels * outputChannels * kernel }

  /// Whether Float is convolved by interpolation, four timesteps from half the products (Toom 1963, Cook 1966): three
  /// taps side by side and channels enough. The results differ from the definition's by some units of the last place, so that this
  /// depends on nothing but the geometry. Both numbers of channels count alike, because the adjoint swaps them.
  var isInterpolated: Bool {
    kernel == 3 && stride == 1 && dilation == 1 && min(inputChannels, outputChannels) >= 32
  }

  var kernelParameters: ck_convolution {
    ck_convolution(
      in: inputChannels, out: outputChannels, taps: kernel, stride: stride, dilation: dilation, left: left,
      ahead: nil)
  }

  /// Leaves of a sequence that are loaded and convolved by one call: a chunk. Sums go by leaves all the same, so that no bit
  /// depends on it.
  ///
  /// What a call costs beside its multiply-adds, some 50 ns, is much of the time of a leaf with few channels; and the rows
  /// between far taps, which neighbours read as well, are mapped for each call anew. So a chunk has as many leaves as there are in
  /// 36 KiB of a tensor (96 timesteps of 96 channels), in 72 where taps are far, but one at least: more gained nothing. (AVX2 on Zen
  /// 3, in turn, of the time of leaf by leaf: 1 channel, three taps, forward 0.61, input's gradient 0.54; 16 channels, one tap, 0.95
  /// and 0.93. Taps 64 timesteps apart, with maps, both gradients: 16 channels 0.83, 32 0.91, 64 0.96; but 1 channel, fifteen such
  /// taps in sequences of 512, forward 1.06: at an edge fewer rows have the same taps.) Interpolated it is one: which timesteps are
  /// interpolated goes by leaves.
  var leavesOfChunk: Int {
    if isInterpolated { return 1 }
    let widest = max(stride * inputChannels, outputChannels)
    let channels = reach > KernelSizes.leaf / 2 ? 192 : 96
    return min(max(channels / widest, 1), 8)
  }

  /// The most input rows that one chunk reads.
  var inputRowsOfChunk: Int { (leavesOfChunk * KernelSizes.leaf - 1) * stride + reach + 1 }

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

  /// The adjoint with respect to the input, a convolution for each run of residues of the input timestep modulo the
  /// stride that read the same output timesteps.
  ///
  /// Input timestep `u = phase + stride·m` receives tap k from output timestep `(u + left − k·dilation) / stride` where
  /// that is whole. Those taps form an arithmetic progression; in descending order they read ascending output timesteps
  /// with a constant step. Phases side by side that read the same ones are one convolution to as many times the
  /// channels, whose rows are `stride` input timesteps apart.
  var adjointPhases: [AdjointPhases] {
    var runs: [AdjointPhases] = []
    for phase in 0..<stride {
      var taps: [Int] = []
      taps.reserveCapacity(kernel)
      for tap in (0..<kernel).reversed() where (phase + left - tap * dilation) % stride == 0 { taps.append(tap) }
      let first = taps.first.map { (phase + left - $0 * dilation) / stride } ?? 0
      let step = taps.count > 1 ? (taps[0] - taps[1]) * dilation / stride : 1
      if let last = runs.last, last.tapsOfPhase == taps.count, last.first == first, last.step == step {
        runs[runs.count - 1].taps += taps
        runs[runs.count - 1].count += 1
      } else {
        runs.append(
          AdjointPhases(phase: phase, count: 1, tapsOfPhase: taps.count, taps: taps, first: first, step: step))
      }
    }
    return runs
  }
}

/// The part of a convolution's adjoint that writes the input timesteps `phase + stride·m`, `phase + 1 + stride·m`, ….
struct AdjointPhases {
  /// The first phase.
  let phase: Int
  /// How many phases.
  fileprivate(set) var count: Int
  /// How many taps each of them has.
  let tapsOfPhase: Int
  /// Their taps in the order in which they are summed, phase after phase.
  fileprivate(set) var taps: [Int]
  /// The output timestep, less m, that the first tap reads; and timesteps from one tap's to the next one's.
  let first, step: Int

  /// The convolution that writes `count` of the phases, the first ones.
  func parameters(_ geometry: ConvolutionGeometry, phases count: Int) -> ck_convolution {
    ck_convolution(
      in: geometry.outputChannels, out: count * geometry.inputChannels, taps: tapsOfPhase, stride: 1, dilation: step,
      left: -first, ahead: nil)
  }
}
