import TestSupport
import Testing

@testable import PackedTensors

/// Convolutions over ragged layouts with several lanes, forward and adjoint, against the definition in Double.
@Suite struct ConvolutionOperationTests {
  /// Sequences shorter than any receptive field, around a leaf, of several leaves, of `longest` timesteps, and without a timestep;
  /// lanes without a sequence.
  static func layout(longest: Int = 300) -> RaggedLayout {
    RaggedLayout(lengths: [1, 2, 7, 97, 0, 96, 5, longest, 31], laneBounds: [0, 0, 3, 3, 5, 8, 9])
  }

  /// Timesteps that give `geometry` a chunk of leaves, a leaf and some rows.
  static func overAChunk(_ geometry: ConvolutionGeometry) -> Int {
    ((geometry.leavesOfChunk + 1) * KernelSizes.leaf + 6) * geometry.stride
  }

  @Test(arguments: Precision.allCases) func forwardAndBackwardInEveryForm(precision: Precision) {
    let channels = [(1, 6), (3, 1), (6, 17), (17, 16), (16, 3)]
    let dilations = Edges.dilations + [100]  // which reaches far
    let sizes: [Int] = [
      channels.count, Edges.kernels.count, Edges.strides.count, dilations.count, 2,  // geometry
      4, 2, 3, 4,  // input map, gradient map, input gradient, activation behind it
    ]
    for (seed, choice) in EveryPair.of(sizes).enumerated() {
      let (inputs, outputs) = channels[choice[0]]
      let geometry = ConvolutionGeometry(
        inputChannels: inputs, outputChannels: outputs, kernel: Edges.kernels[choice[1]],
        stride: Edges.strides[choice[2]],
        dilation: dilations[choice[3]], causal: choice[4] == 1)
      let trial = ConvolutionTrial(
        geometry, layout: Self.layout(longest: Self.overAChunk(geometry)),
        inputMap: [nil, .identity, .relu, .gelu][choice[5]], gradientMap: choice[6] == 1,
        target: ConvolutionTrial.Target.allCases[choice[7]], activation: [nil, .identity, .relu, .gelu][choice[8]],
        withBias: seed % 2 == 0, precision: precision, seed: UInt64(seed))
      trial.checkForward()
      trial.checkBackward()
    }
  }

  /// Weights and their gradient that are visited one after the other, and tiles of many steps: five and seven panels.
  @Test(
    arguments: [(112, 80, 15, Precision.float32), (112, 80, 15, .bfloat16), (128, 128, 3, .float32)], [true, false])
  func wideOnes(shape: (inputs: Int, outputs: Int, kernel: Int, precision: Precision), fused: Bool) {
    let geometry = ConvolutionGeometry(
      inputChannels: shape.inputs, outputChannels: shape.outputs, kernel: shape.kernel, causal: fused)
    let packed = ConvolutionKernels.weightGradientSize(geometry, shape.precision)
    #expect(2 * packed * MemoryLayout<Float>.size > KernelSizes.secondCache, "not wide enough for this test")
    let trial = ConvolutionTrial(
      geometry, layout: RaggedLayout(lengths: [17, 3, 0, 30], laneBounds: [0, 2, 2, 4]), inputMap: fused ? .relu : nil,
      gradientMap: fused, target: fused ? .added : .new, activation: fused ? .relu : nil, withBias: fused,
      precision: shape.precision, seed: 7)
    trial.checkForward()
    trial.checkBackward()
    visitsOneByOne(geometry, shape.precision, fused: fused)
  }

  /// Both gradients at once have the bits of each alone.
  private func visitsOneByOne(_ geometry: ConvolutionGeometry, _ precision: Precision, fused: Bool) {
    let trial = ConvolutionTrial(
      geometry, layout: RaggedLayout(lengths: [97, 5, 0, 200], laneBounds: [0, 2, 2, 4]), inputMap: fused ? .gelu : nil,
      gradientMap: fused, target: .new, activation: nil, withBias: true, precision: precision, seed: 8)
    func collected(_ run: ((Int, ConvolutionLaneGradient) -> Void) -> Void) -> [Float] {
      var all: [Float] = []
      run { _, part in
        var weight = trial.weight
        weight.withUnsafeMutableBufferPointer { part.unpack(part.packedWeight, to: $0.baseAddress!) }
        all += weight + Array(UnsafeBufferPointer(start: part.bias!, count: geometry.outputChannels))
      }
      return all
    }
    var none: ActivationAdjoint?
    var input: PackedTensor?
    let both = collected { finished in
      input = Convolution.backward(
        geometry, trial.input, trial.gradient, weight: trial.weight, precision: precision, inputGradient: .new,
        activation: &none, withBias: true, laneFinished: finished)
    }
    let parameters = collected { finished in
      Convolution.parameterGradient(
        geometry, trial.input, trial.gradient, precision: precision, withBias: true, laneFinished: finished)
    }
    let alone = Convolution.inputGradient(
      geometry, trial.gradient, weight: trial.weight, precision: precision, layout: trial.layout, activation: &none)
    report(Compare.bits("parameters of \(trial.name)", both, parameters))
    report(Compare.bits("input of \(trial.name)", input!.elements, alone.elements))
  }

  /// In evaluation, bias, skip and ReLU happen in the kernel, or behind it: the same as behind `forward`, to the bit without a skip
  /// (from which the sums start otherwise).
  @Test(arguments: [(4, 6, 3, 2, 1), (16, 17, 5, 1, 20), (1, 5, 7, 1, 1)], Precision.allCases)
  func evaluationAcrossChunks(
    shape: (inputs: Int, outputs: Int, kernel: Int, stride: Int, dilation: Int), precision: Precision
  ) {
    let geometry = ConvolutionGeometry(
      inputChannels: shape.inputs, outputChannels: shape.outputs, kernel: shape.kernel, stride: shape.stride,
      dilation: shape.dilation)
    let layout = Self.layout(longest: Self.overAChunk(geometry))
    var numbers = Numbers(seed: 6)
    let x = PackedTensor(
      layout: layout, channels: shape.inputs, elements: numbers.floats(layout.timesteps * shape.inputs))
    let weight = numbers.floats(shape.outputs * shape.inputs * shape.kernel)
    let bias = numbers.floats(shape.outputs)
    var moments: MomentSums?
    let y = Convolution.forward(
      geometry, NormalisedInput(x), weight: weight, bias: bias, precision: precision, moments: &moments)
    let skip = numbers.floats(y.elements.count)
    for activation in [Activation.identity, .relu] {
      func tail(_ sum: Float) -> Float { activation == .relu ? max(sum, 0) : sum }
      let name = "\(geometry), \(precision), \(activation)"
      let alone = Convolution.evaluate(
        geometry, x, weight: weight, bias: bias, precision: precision, activation: activation)
      report(Compare.bits("evaluation by \(name)", alone.elements, y.elements.map(tail)))
      let added = Convolution.evaluate(
        geometry, x, weight: weight, bias: bias, precision: precision, activation: activation,
        overwriting: PackedTensor(layout: y.layout, channels: shape.outputs, elements: skip))
      report(
        Compare.close(
          "evaluation with a skip by \(name)", added.elements, zip(y.elements, skip).map { Double(tail($0 + $1)) },
          tolerance: Compare.tolerance(terms: shape.inputs * shape.kernel, scale: 4)))
    }
  }

  @Test func theOutputsMomentsAreSummedByLane() {
    let geometry = ConvolutionGeometry(inputChannels: 3, outputChannels: 17, kernel: 3, stride: 2)
    var numbers = Numbers(seed: 5)
    let layout = Self.layout(longest: Self.overAChunk(geometry))
    let x = PackedTensor(layout: layout, channels: 3, elements: numbers.floats(layout.timesteps * 3))
    let weight = numbers.floats(17 * 3 * 3)
    let pivot = numbers.floats(17)
    var moments: MomentSums? = MomentSums(pivot: pivot, lanes: layout.carriedLanes)
    let y = Convolution.forward(geometry, NormalisedInput(x), weight: weight, bias: nil, moments: &moments)
    var whole = MomentSums(pivot: pivot, lanes: layout.carriedLanes)
    whole.add(y)
    report(
      Compare.bits("moments gathered on the way against moments of the output", moments!.sums.values, whole.sums.values)
    )
    let values = y.elements.doubles
    for lane in 0..<layout.carriedLanes {
      var expected = [Double](repeating: 0, count: 34)
      let rows = y.layout.sequences(ofLane: lane).flatMap { y.layout.rows(of: $0) }
      for row in rows {
        for c in 0..<17 {
          let d = values[row * 17 + c] - Double(pivot[c])
          expected[c] += d
          expected[17 + c] += d * d
        }
      }
      report(
        Compare.close(
          "moments of lane \(lane)", Array(moments!.sums[lane]), expected,
          tolerance: Compare.tolerance(terms: rows.count, scale: 20)))
    }
    #expect(moments!.sums[0].allSatisfy { $0.bitPattern == 0 }, "an empty lane's sums are +0")
  }
}
