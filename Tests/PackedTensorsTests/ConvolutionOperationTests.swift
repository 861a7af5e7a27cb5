import PackedTensors
import TestSupport
import Testing

/// Convolutions over ragged layouts with several lanes, forward and adjoint, against the definition in Double.
@Suite struct ConvolutionOperationTests {
  /// Sequences shorter than any receptive field, around a leaf, of several leaves, and without a timestep; lanes
  /// without a sequence.
  static let layout = RaggedLayout(lengths: [1, 2, 7, 97, 0, 96, 5, 300, 31], laneBounds: [0, 0, 3, 3, 5, 8, 9])

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
