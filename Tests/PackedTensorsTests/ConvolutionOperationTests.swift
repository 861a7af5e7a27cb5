import TestSupport
import Testing

@testable import PackedTensors

/// Convolutions over ragged layouts with several lanes, forward and adjoint, against the definition in Double.
@Suite struct ConvolutionOperationTests {
  /// Sequences shorter than any receptive field, around a leaf, of several leaves, of more than any chunk of them, and without a
  /// timestep; lanes without a sequence.
  static let layout = RaggedLayout(lengths: [1, 2, 7, 97, 0, 96, 5, 870, 31], laneBounds: [0, 0, 3, 3, 5, 8, 9])

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
        geometry, layout: Self.layout, inputMap: [nil, .identity, .relu, .gelu][choice[5]], gradientMap: choice[6] == 1,
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

  @Test func theOutputsMomentsAreSummedByLane() {
    let geometry = ConvolutionGeometry(inputChannels: 3, outputChannels: 17, kernel: 3, stride: 2)
    var numbers = Numbers(seed: 5)
    let x = PackedTensor(
      layout: Self.layout, channels: 3, elements: numbers.floats(Self.layout.timesteps * 3))
    let weight = numbers.floats(17 * 3 * 3)
    let pivot = numbers.floats(17)
    var moments: MomentSums? = MomentSums(pivot: pivot, lanes: Self.layout.carriedLanes)
    let y = Convolution.forward(geometry, NormalisedInput(x), weight: weight, bias: nil, moments: &moments)
    var whole = MomentSums(pivot: pivot, lanes: Self.layout.carriedLanes)
    whole.add(y)
    report(
      Compare.bits("moments gathered on the way against moments of the output", moments!.sums.values, whole.sums.values)
    )
    let values = y.elements.doubles
    for lane in 0..<Self.layout.carriedLanes {
      var expected = [Double](repeating: 0, count: 34)
      for row in y.layout.sequences(ofLane: lane).flatMap({ y.layout.rows(of: $0) }) {
        for c in 0..<17 {
          let d = values[row * 17 + c] - Double(pivot[c])
          expected[c] += d
          expected[17 + c] += d * d
        }
      }
      report(
        Compare.close(
          "moments of lane \(lane)", Array(moments!.sums[lane]), expected,
          tolerance: Compare.tolerance(terms: 400, scale: 20)))
    }
    #expect(moments!.sums[0].allSatisfy { $0.bitPattern == 0 }, "an empty lane's sums are +0")
  }
}
