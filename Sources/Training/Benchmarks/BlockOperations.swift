import PackedTensors

/// The operations of one step of the reference block (64 channels, kernel 3), each timed by itself on one core.
///
/// Beside each stand the FLOP that it makes and the bytes of activations that it must move for a timestep, so that
/// its limit is known: the multiply-add rate or the memory's, whichever is slower.
public enum BlockOperations {
  /// One operation.
  public struct Row: Codable, Sendable {
    /// What it does.
    public let name: String
    /// Nanoseconds of one timestep.
    public let nanoseconds: Double
    /// FLOP of convolutions in one timestep.
    public let operations: Int
    /// Bytes of activations read and written in one timestep, each tensor counted once.
    public let bytes: Int
  }

  private static let width = 64
  private static let kernel = 3
  /// Timesteps of the one sequence: its tensors of 8 MiB exceed the second cache.
  static let timesteps = 1 << 15

  static func measure(_ precision: Precision, timesteps: Int) -> [Row] { Block(precision, timesteps: timesteps).rows() }

  /// The tensors and maps of a block in the middle of a step.
  private struct Block {
    let precision: Precision
    let timesteps: Int
    let layout: RaggedLayout
    let geometry = ConvolutionGeometry(inputChannels: width, outputChannels: width, kernel: kernel)
    let stem = ConvolutionGeometry(inputChannels: 1, outputChannels: width, kernel: 1)
    let weight = [Float](repeating: 0.01, count: width * width * kernel)
    let bias = [Float](repeating: 0.1, count: width)
    let values, x, first, second, output, gradient: PackedTensor
    let normalisation: Normalisation
    let join: ResidualJoin
    let row: PackedTensor

    init(_ precision: Precision, timesteps: Int) {
      self.precision = precision
      self.timesteps = timesteps
      layout = RaggedLayout(lengths: [timesteps])
      values = KernelBenchmark.filled(layout, 1)
      (x, first, second) = (
        KernelBenchmark.filled(layout, width), KernelBenchmark.filled(layout, width),
        KernelBenchmark.filled(layout, width)
      )
      gradient = KernelBenchmark.filled(layout, width)
      row = KernelBenchmark.filled(layout.pooled, width)
      normalisation = Normalisation(
        moments: BatchMoments(
          mean: [Double](repeating: 0.1, count: width), variance: [Double](repeating: 1, count: width), count: timesteps
        ),
        gain: [Float](repeating: 1, count: width), bias: [Float](repeating: 0, count: width), epsilon: 1e-5)
      join = ResidualJoin(
        branch: second, normalisation: normalisation, skip: x, skipNormalisation: nil, activation: .relu)
      output = join.forward()
    }

    func rows() -> [Row] {
      let channels = 4 * width
      let flop = geometry.operationsPerTimestep
      let between = NormalisedInput(first, affine: normalisation.affine, activation: .relu)
      let adjoint = normalisation.adjoint(sums: [Double](repeating: 1, count: 2 * width))
      return [
        time("stem", stem.operationsPerTimestep, 4 + channels) {
          convolve(stem, NormalisedInput(values), moments: false)
        },
        time("first convolution, moments", flop, 2 * channels) {
          convolve(geometry, NormalisedInput(x), moments: true)
        },
        time("norm, ReLU, second convolution, moments", flop, 2 * channels) {
          convolve(geometry, between, moments: true)
        },
        time("norm, skip, ReLU", 0, 3 * channels) { _ = join.forward() },
        time("mean over the length", 0, channels) { _ = Pooling.mean.forward(output) },
        time("adjoint of the end of the block", 0, 3 * channels) {
          _ = join.backward(OutputGradient(repeating: row), output: output)
        },
        time("adjoint of second convolution, ReLU, norms", 2 * flop, 4 * channels) {
          var activation: ActivationAdjoint? = ActivationAdjoint(
            input: first, affine: normalisation.affine, activation: .relu, standardise: normalisation.standardise)
          differentiate(
            geometry, between, NormalisedGradient(gradient, adjoint: (second, adjoint)), .new, &activation)
        },
        time("adjoint of first convolution, norm, skip", 2 * flop, 5 * channels) {
          var none: ActivationAdjoint?
          differentiate(
            geometry, NormalisedInput(x), NormalisedGradient(gradient, adjoint: (first, adjoint)), .added(output), &none
          )
        },
        time("adjoint of the stem", stem.operationsPerTimestep, 4 + channels) {
          var none: ActivationAdjoint?
          differentiate(stem, NormalisedInput(values), NormalisedGradient(gradient), .none, &none)
        },
      ]
    }

    private func convolve(_ geometry: ConvolutionGeometry, _ input: NormalisedInput, moments: Bool) {
      var sums = moments ? MomentSums(pivot: bias, lanes: 1) : nil
      _ = Convolution.forward(geometry, input, weight: weight, bias: bias, precision: precision, moments: &sums)
    }

    private func differentiate(
      _ geometry: ConvolutionGeometry, _ input: NormalisedInput, _ gradient: NormalisedGradient,
      _ target: Convolution.InputGradient, _ activation: inout ActivationAdjoint?
    ) {
      _ = Convolution.backward(
        geometry, input, gradient, weight: weight, precision: precision, inputGradient: target,
        activation: &activation, withBias: true
      ) { _, _ in }
    }

    private func time(_ name: String, _ operations: Int, _ bytes: Int, _ work: @escaping () -> Void) -> Row {
      Row(
        name: name, nanoseconds: Stopwatch.seconds(work) * 1e9 / Double(timesteps), operations: operations, bytes: bytes
      )
    }
  }
}
