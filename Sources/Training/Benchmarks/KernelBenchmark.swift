import PackedTensors

/// `lockstep bench kernels`: how near convolutions come to the processor's multiply-add rate, on one core.
///
/// The operations that training calls are measured, on one sequence whose activations exceed the first cache: for each,
/// repeated for a twentieth of a second, the median of five. Convolutions and attention are measured in turn with multiply-adds on
/// registers.
public enum KernelBenchmark {
  /// One shape of convolution, in FLOP a second.
  public struct Row: Codable, Sendable {
    /// Channels read and written, taps, and timesteps between outputs and between taps.
    public let inputChannels, outputChannels, kernel, stride, dilation: Int
    /// The convolution; its adjoint with respect to the input; and that with respect to the weights.
    public let forward, inputGradient, weightGradient: Double
    /// Fused multiply-adds of Float on registers alone in the same moments; those of bfloat16 may be twice as fast, or half.
    public let peak: Double
  }

  /// All that is measured.
  public struct Result: Codable, Sendable {
    /// The instruction set in use.
    public let instructionSet: String
    /// What was multiplied.
    public let precision: String
    /// Fused multiply-adds of Float on registers alone, FLOP a second: the median of those beside all shapes.
    public let peak: Double
    /// A copy from memory to memory, bytes read and written a second.
    public let copyBytes: Double
    /// The shapes.
    public let convolutions: [Row]
    /// Attention, always of Float.
    public let attention: [AttentionBenchmark.Row]
    /// The operations of a step.
    public let operations: [BlockOperations.Row]
  }

  /// Timesteps of the sequence that convolutions are measured on, where nothing else is asked for. What a call does once, such as
  /// packing the weights, is a larger part of it than of a step of training.
  public static let timesteps = 4096

  /// Shapes: widths and kernels as networks have them; channels that fill no register; strides and dilations.
  private static let shapes: [ConvolutionGeometry] = {
    func shape(_ inputs: Int, _ outputs: Int, _ kernel: Int, stride: Int = 1, dilation: Int = 1) -> ConvolutionGeometry
    {
      ConvolutionGeometry(
        inputChannels: inputs, outputChannels: outputs, kernel: kernel, stride: stride, dilation: dilation)
    }
    let wide = [32, 64, 128, 256].flatMap { width in [1, 3, 5, 7, 15].map { shape(width, width, $0) } }
    let awkward = [1, 3, 6, 12, 41, 100].flatMap { [shape($0, $0, 3), shape($0, 64, 7)] }
    let spread = [
      shape(64, 64, 3, dilation: 8), shape(128, 128, 5, dilation: 4), shape(64, 64, 4, stride: 2),
      shape(64, 128, 3, stride: 2), shape(1, 64, 16, stride: 8),
    ]
    return wide + awkward + spread
  }()

  /// Measures all shapes and the operations of a step; about a minute.
  /// - Parameters:
  ///   - bfloat16: whether convolutions multiply bfloat16.
  ///   - timesteps: of the sequence that convolutions are measured on.
  /// - Throws: a usage error (64) where `LOCKSTEP_ISA` names no instruction set that this processor has.
  public static func run(bfloat16: Bool, timesteps: Int = timesteps) throws -> Result {
    if let problem = InstructionSet.environmentProblem { throw TrainingError.usage(problem) }
    return run(
      bfloat16 ? .bfloat16 : .float32, shapes, timesteps: timesteps, ofAttention: AttentionBenchmark.timesteps,
      ofOperations: BlockOperations.timesteps)
  }

  static func run(
    _ precision: Precision, _ shapes: [ConvolutionGeometry], timesteps: Int, ofAttention length: Int,
    ofOperations blockTimesteps: Int
  ) -> Result {
    setFloatEnvironment()
    let layout = RaggedLayout(lengths: [1 << 24])
    let (source, target) = (PackedTensor(layout: layout, channels: 1), PackedTensor(layout: layout, channels: 1))
    source.fill(1)
    let copy = Stopwatch.rate { ProcessorLimits.copy(source, to: target) }
    let convolutions = shapes.map { measure($0, precision, timesteps) }
    let attention = AttentionBenchmark.shapes.map {
      AttentionBenchmark.measure(depth: $0.depth, isCausal: $0.isCausal, length: length)
    }
    let operations = BlockOperations.measure(precision, timesteps: blockTimesteps)
    let peaks = (convolutions.map(\.peak) + attention.map(\.peak)).sorted()
    return Result(
      instructionSet: InstructionSet.active.rawValue, precision: precision.rawValue, peak: peaks[peaks.count / 2],
      copyBytes: copy, convolutions: convolutions, attention: attention, operations: operations)
  }

  private static func measure(_ geometry: ConvolutionGeometry, _ precision: Precision, _ timesteps: Int) -> Row {
    let x = filled(RaggedLayout(lengths: [timesteps]), geometry.inputChannels)
    let dy = filled(x.layout.strided(by: geometry.stride), geometry.outputChannels)
    let weight = [Float](
      repeating: 0.01, count: geometry.inputChannels * geometry.outputChannels * geometry.kernel)
    let operations = geometry.operationsPerTimestep * dy.layout.timesteps
    func adjoint(_ target: Convolution.InputGradient) {
      var none: ActivationAdjoint?
      _ = Convolution.backward(
        geometry, NormalisedInput(x), NormalisedGradient(dy), weight: weight, precision: precision,
        inputGradient: target, activation: &none, withBias: false
      ) { _, _ in }
    }
    func forward() {
      var none: MomentSums?
      _ = Convolution.forward(
        geometry, NormalisedInput(x), weight: weight, bias: nil, precision: precision, moments: &none)
    }
    let (seconds, peak) = Stopwatch.secondsAndPeak([forward, { adjoint(.none) }, { adjoint(.new) }])
    let (weights, both) = (seconds[1], seconds[2])
    return Row(
      inputChannels: geometry.inputChannels, outputChannels: geometry.outputChannels, kernel: geometry.kernel,
      stride: geometry.stride, dilation: geometry.dilation, forward: Double(operations) / seconds[0],
      inputGradient: Double(operations) / max(both - weights, 1e-9), weightGradient: Double(operations) / weights,
      peak: peak)
  }

  /// A tensor of small values that differ.
  static func filled(_ layout: RaggedLayout, _ channels: Int) -> PackedTensor {
    let tensor = PackedTensor(layout: layout, channels: channels)
    for index in 0..<tensor.count { tensor.base[index] = Float(index % 13 - 6) * 0.1 }
    return tensor
  }
}
