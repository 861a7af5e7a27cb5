import CKernels
import PackedTensors
import TestSupport
import Testing

/// Convolutions of three taps by interpolation: equal bits on every instruction set, the promised order, the definition
/// in Double, and everything that may be fused into them.
@Suite struct InterpolatedConvolutionTests {
  /// One convolution with its input.
  struct Case: CustomStringConvertible, Sendable {
    let inputs, outputs, left, length: Int
    let seed: UInt64

    var parameters: ck_convolution {
      ck_convolution(in: inputs, out: outputs, taps: 3, stride: 1, dilation: 1, left: left, ahead: nil)
    }
    var causal: Bool { left == 2 }
    var geometry: ConvolutionGeometry {
      ConvolutionGeometry(inputChannels: inputs, outputChannels: outputs, kernel: 3, causal: causal)
    }
    var description: String { "channels \(inputs) → \(outputs), left \(left), length \(length), seed \(seed)" }
    var leaves: [Range<Int>] {
      stride(from: 0, to: length, by: KernelSizes.leaf).map { $0..<min($0 + KernelSizes.leaf, length) }
    }
    /// The input rows that output rows `rows` read.
    func read(_ rows: Range<Int>) -> Range<Int> {
      let first = max(0, rows.lowerBound - left)
      return first..<max(first, min(length, rows.upperBound - left + 2))
    }
  }

  /// Lengths around the first tile and the edges of leaves; `left` as in a centred, a causal convolution and its adjoint.
  static let cases: [Case] = {
    let channels = [(32, 32), (33, 17), (20, 47), (64, 64), (16, 100), (20, 72)]
    let lengths = [0, 1, 2, 3, 5, 6, 7, 9, 95, 96, 97, 98, 100, 193, 197]
    return EveryPair.of([channels.count, 3, lengths.count]).enumerated().map { number, choice in
      Case(
        inputs: channels[choice[0]].0, outputs: channels[choice[0]].1, left: choice[1], length: lengths[choice[2]],
        seed: UInt64(number))
    }
  }()

  @Test func forwardAgreesOnEverySetAndWithTheDefinition() {
    for (number, one) in Self.cases.enumerated() {
      let g = one.parameters
      var numbers = Numbers(seed: one.seed)
      let x = numbers.floats(one.length * g.in)
      let weight = numbers.floats(g.out * g.in * 3)
      let bias = numbers.floats(g.out)
      let old = numbers.floats(one.length * g.out)
      let (withBias, adds, rectifies) = (number % 4 % 3 == 0, number % 4 % 2 == 1, number % 5 == 0)
      let how = Int32((adds ? CK_ADD.rawValue : 0) | (rectifies ? CK_RECTIFY.rawValue : 0))
      let name = "toom_cook_convolve(\(one), bias \(withBias), adds \(adds), ReLU \(rectifies))"
      let padded = bias + [Float](repeating: 0, count: Int(CK_SLACK))
      let got = KernelSets.run(name) { kernels in
        var packed = Guarded(KernelOrder.pack(weight, g) + Self.points(g))
        packed.write { kernels.toom_cook_weights($0, (g.out + 15) / 16, g.in) }
        var y = Guarded(old)
        for rows in one.leaves {
          // Only the rows that are needed are there; all else is poison.
          let needed = one.read(rows)
          let source = Guarded(Array(x[needed.lowerBound * g.in..<needed.upperBound * g.in]))
          var scratch = Guarded([Float](repeating: .nan, count: ck_toom_scratch(g.in, g.out)))
          var parameters = g
          source.read { source in
            packed.read { packed in
              y.write { y in
                scratch.write {
                  kernels.toom_cook_convolve(
                    &parameters, source, needed.lowerBound, one.length, packed, withBias ? padded : nil, how,
                    y + rows.lowerBound * g.out, g.out, rows.lowerBound, rows.upperBound, $0)
                }
              }
            }
          }
          _ = scratch.values(name + ", its memory")
        }
        return .init(floats: y.values(name))
      }
      var start = [Float](repeating: 0, count: one.length * g.out)
      if withBias { for at in start.indices { start[at] = bias[at % g.out] } }
      if adds { for at in start.indices { start[at] = withBias ? start[at] + old[at] : old[at] } }
      var ordered = one.leaves.flatMap {
        KernelOrder.interpolated(
          g, x, length: one.length, weight: weight, start: start, bias: withBias ? bias : nil, old: adds ? old : nil, $0
        )
      }
      if rectifies { for at in ordered.indices { ordered[at] = ordered[at] > 0 ? ordered[at] : 0 } }
      report(Compare.bits(name + " against the promised order", got.floats, ordered))
      if one.left > 0 {
        let defined = ReferenceConvolution.forward(
          one.geometry, x.doubles, length: one.length, weight: weight.doubles, bias: nil)
        report(
          Compare.close(
            name + " against the definition", got.floats,
            zip(defined, start).map { rectifies ? max($0 + Double($1), 0) : $0 + Double($1) },
            // The points' sums are up to twice as large as what comes of them.
            tolerance: Compare.tolerance(terms: g.in * 3 + 1, scale: 2)))
      }
    }
  }

  @Test func weightGradientAgreesOnEverySetAndWithTheDefinition() {
    for one in Self.cases {
      let g = one.parameters
      var numbers = Numbers(seed: one.seed)
      let x = numbers.floats(one.length * g.in)
      let dy = numbers.floats(one.length * g.out)
      let name = "toom_cook_weight_gradient(\(one))"
      let taps = KernelOrder.pack([Float](repeating: 0, count: g.out * g.in * 3), g)
      let got = KernelSets.run(name) { kernels in
        var dw = Guarded(taps + Self.points(g))
        for rows in one.leaves {
          let needed = one.read(rows)
          let source = Guarded(Array(x[needed.lowerBound * g.in..<needed.upperBound * g.in]))
          let gradient = Guarded.input(Array(dy[rows.lowerBound * g.out..<rows.upperBound * g.out]))
          var scratch = Guarded([Float](repeating: .nan, count: ck_toom_scratch(g.in, g.out)))
          var parameters = g
          source.read { source in
            dw.write { dw in
              scratch.write {
                kernels.toom_cook_weight_gradient(
                  &parameters, source, needed.lowerBound, one.length, gradient, dw, rows.lowerBound, rows.upperBound,
                  $0)
              }
            }
          }
          _ = scratch.values(name + ", its memory")
        }
        dw.write { kernels.toom_cook_weight_sums($0, (g.out + 15) / 16, g.in) }
        return .init(floats: KernelOrder.unpack(Array(dw.values(name)[..<taps.count]), g))
      }
      let ordered = KernelOrder.interpolatedWeightGradient(g, x, length: one.length, dy)
      report(Compare.bits(name + " against the promised order", got.floats, ordered))
      if one.left > 0 {
        let defined = ReferenceConvolution.weightGradient(one.geometry, x.doubles, dy.doubles, length: one.length)
        report(
          Compare.close(
            name + " against the definition", got.floats, defined, tolerance: Compare.tolerance(terms: one.length)))
      }
    }
  }

  /// Room for the points behind packed weights or their gradient.
  private static func points(_ g: ck_convolution) -> [Float] {
    [Float](repeating: 0, count: Int(CK_TOOM_POINTS) * ((g.out + 15) / 16 * 16) * g.in)
  }

  @Test func forwardAndBackwardInEveryForm() {
    let channels = [(32, 32), (33, 40), (48, 64)]
    for (seed, choice) in EveryPair.of([channels.count, 2, 4, 2, 3, 4]).enumerated() {
      let (inputs, outputs) = channels[choice[0]]
      let geometry = ConvolutionGeometry(
        inputChannels: inputs, outputChannels: outputs, kernel: 3, causal: choice[1] == 1)
      let trial = ConvolutionTrial(
        geometry, layout: ConvolutionOperationTests.layout(), inputMap: [nil, .identity, .relu, .gelu][choice[2]],
        gradientMap: choice[3] == 1, target: ConvolutionTrial.Target.allCases[choice[4]],
        activation: [nil, .identity, .relu, .gelu][choice[5]], withBias: seed % 2 == 0, precision: .float32,
        seed: UInt64(seed))
      trial.checkForward()
      trial.checkBackward()
    }
  }
}
