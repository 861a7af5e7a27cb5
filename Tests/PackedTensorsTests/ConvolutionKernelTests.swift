import CKernels
import PackedTensors
import TestSupport
import Testing

/// The convolution kernels on every instruction set: equal bits, the promised order, and the definition in Double.
@Suite struct ConvolutionKernelTests {
  /// One convolution with its input.
  struct Case: CustomStringConvertible, Sendable {
    let geometry: ConvolutionGeometry
    /// Timesteps by which the taps lie ahead of their place in `geometry`, as in the adjoint of a causal convolution.
    let ahead: Int
    let rows: Int
    let seed: UInt64

    /// Timesteps of the input: as many as give `rows`, and not always whole strides.
    var length: Int { rows == 0 ? 0 : rows * geometry.stride - Int(seed) % geometry.stride }
    var parameters: ck_convolution {
      ck_convolution(
        in: geometry.inputChannels, out: geometry.outputChannels, taps: geometry.kernel, stride: geometry.stride,
        dilation: geometry.dilation, left: geometry.left - ahead, ahead: nil)
    }
    var description: String {
      let g = geometry
      return "channels \(g.inputChannels) → \(g.outputChannels), kernel \(g.kernel), stride \(g.stride), "
        + "dilation \(g.dilation), left \(g.left - ahead), rows \(rows), length \(length), seed \(seed)"
    }

    /// The input rows that output rows `rows` read.
    func inputRows(for rows: Range<Int>) -> Range<Int> {
      let origin = rows.lowerBound * geometry.stride - geometry.left + ahead
      let first = min(max(0, origin), length)
      let end = (rows.upperBound - 1) * geometry.stride - geometry.left + ahead + geometry.reach + 1
      return first..<max(first, min(length, end))
    }
  }

  static let cases: [Case] = pairs + mostlyEdges + [farApart]

  /// Rows of the gradient so far apart, and read so often, that weight gradients copy it together on every set.
  private static let farApart = Case(
    geometry: ConvolutionGeometry(inputChannels: 100, outputChannels: 1024, kernel: 1, stride: 1, dilation: 1),
    ahead: 0, rows: 97, seed: 2000)

  /// Convolutions that reach as far as a sequence is long, and farther: taps that some rows have, and taps that none has.
  private static let mostlyEdges = [
    (64, 64, 3, 1, 16, true, 50), (16, 41, 3, 1, 16, false, 50), (3, 12, 5, 1, 16, true, 97),
    (6, 3, 5, 2, 16, false, 40),
    (17, 16, 3, 1, 60, true, 50), (12, 64, 5, 1, 8, false, 20), (1, 100, 15, 1, 4, true, 30),
  ].enumerated().map { number, one in
    let (inputs, outputs, kernel, stride, dilation, causal, rows) = one
    return Case(
      geometry: ConvolutionGeometry(
        inputChannels: inputs, outputChannels: outputs, kernel: kernel, stride: stride, dilation: dilation,
        causal: causal),
      ahead: 0, rows: rows, seed: UInt64(1000 + number))
  }

  private static let pairs: [Case] = {
    // Five panels go as three and two.
    let channels = Edges.channels + [80]
    let sizes = [channels, channels, Edges.kernels, Edges.strides, Edges.dilations, [0, 1, 2], Edges.rows]
    return EveryPair.of(sizes.map(\.count)).enumerated().map { number, choice in
      let geometry = ConvolutionGeometry(
        inputChannels: sizes[0][choice[0]], outputChannels: sizes[1][choice[1]], kernel: sizes[2][choice[2]],
        stride: sizes[3][choice[3]], dilation: sizes[4][choice[4]], causal: choice[5] == 1)
      return Case(
        geometry: geometry, ahead: choice[5] == 2 ? geometry.left + 2 : 0, rows: sizes[6][choice[6]],
        seed: UInt64(number))
    }
  }()

  @Test func forwardAgreesOnEverySetAndWithTheDefinition() {
    for (number, one) in Self.cases.enumerated() {
      let g = one.parameters
      var numbers = Numbers(seed: one.seed)
      let x = numbers.floats(one.length * g.in)
      let weight = numbers.floats(g.out * g.in * g.taps)
      let bias = numbers.floats(g.out)
      let old = numbers.floats(one.rows * g.out)
      let (withBias, adds, rectifies) = (number % 4 % 3 == 0, number % 4 % 2 == 1, number % 5 == 0)
      let how = Int32((adds ? CK_ADD.rawValue : 0) | (rectifies ? CK_RECTIFY.rawValue : 0))
      let step = number % 2 == 0 ? g.out : 3 * g.out
      let name = "convolve(\(one), bias \(withBias), adds \(adds), ReLU \(rectifies), row \(step))"
      let packed = KernelOrder.pack(weight, g)
      let padded = bias + [Float](repeating: 0, count: Int(CK_SLACK))
      let cuts = Self.cuts(one.rows, &numbers)
      let got = KernelSets.run(name) { kernels in
        var before = [Float](repeating: 7.5, count: one.rows * step)
        for t in 0..<one.rows { for o in 0..<g.out { before[t * step + o] = old[t * g.out + o] } }
        var y = Guarded(before)
        for rows in cuts {
          // Only the rows that are needed are there; all else is poison.
          let needed = one.inputRows(for: rows)
          let source = Guarded(Array(x[needed.lowerBound * g.in..<needed.upperBound * g.in]))
          var parameters = g
          source.read { source in
            y.write { y in
              kernels.convolve(
                &parameters, source, needed.lowerBound, one.length, packed, withBias ? padded : nil, how,
                y + rows.lowerBound * step, step, rows.lowerBound, rows.upperBound)
            }
          }
        }
        let all = y.values(name)
        for t in 0..<one.rows where step > g.out {
          if all[t * step + g.out..<(t + 1) * step].contains(where: { $0 != 7.5 }) {
            report("\(name): wrote behind row \(t)")
          }
        }
        return .init(floats: (0..<one.rows).flatMap { all[$0 * step..<$0 * step + g.out] })
      }
      var start = [Float](repeating: 0, count: one.rows * g.out)
      if withBias { for at in start.indices { start[at] = bias[at % g.out] } }
      if adds { for at in start.indices { start[at] = withBias ? start[at] + old[at] : old[at] } }
      var ordered = KernelOrder.convolve(g, x, length: one.length, weight: weight, start: start)
      if rectifies { for at in ordered.indices { ordered[at] = ordered[at] > 0 ? ordered[at] : 0 } }
      report(Compare.bits(name + " against the promised order", got.floats, ordered))
      if one.ahead == 0 {
        let defined = ReferenceConvolution.forward(
          one.geometry, x.doubles, length: one.length, weight: weight.doubles, bias: nil)
        report(
          Compare.close(
            name + " against the definition", got.floats,
            zip(defined, start).map { rectifies ? max($0 + Double($1), 0) : $0 + Double($1) },
            tolerance: Compare.tolerance(terms: g.in * g.taps + 1)))
      }
    }
  }

  @Test func weightGradientAgreesOnEverySetAndWithTheDefinition() {
    for one in Self.cases {
      let g = one.parameters
      var numbers = Numbers(seed: one.seed)
      let x = numbers.floats(one.length * g.in)
      let dy = numbers.floats(one.rows * g.out)
      let name = "weight_gradient(\(one))"
      let packedCount = KernelOrder.pack([Float](repeating: 0, count: g.out * g.in * g.taps), g).count
      let got = KernelSets.run(name) { kernels in
        var dw = Guarded([Float](repeating: 0, count: packedCount))
        for first in stride(from: 0, to: one.rows, by: KernelSizes.leaf) {
          let rows = first..<min(first + KernelSizes.leaf, one.rows)
          let needed = one.inputRows(for: rows)
          let source = Guarded(Array(x[needed.lowerBound * g.in..<needed.upperBound * g.in]))
          let gradient = Guarded.input(Array(dy[rows.lowerBound * g.out..<rows.upperBound * g.out]))
          var parameters = g
          source.read { source in
            dw.write { dw in
              kernels.weight_gradient(
                &parameters, source, needed.lowerBound, one.length, gradient, dw, rows.lowerBound, rows.upperBound)
            }
          }
        }
        return .init(floats: KernelOrder.unpack(dw.values(name), g))
      }
      let ordered = KernelOrder.weightGradient(g, x, length: one.length, dy)
      report(Compare.bits(name + " against the promised order", got.floats, ordered))
      if one.ahead == 0 {
        let defined = ReferenceConvolution.weightGradient(one.geometry, x.doubles, dy.doubles, length: one.length)
        report(
          Compare.close(
            name + " against the definition", got.floats, defined, tolerance: Compare.tolerance(terms: one.rows)))
      }
    }
  }

  /// Ranges that cover `0 ..< rows`, cut anywhere.
  static func cuts(_ rows: Int, _ numbers: inout Numbers) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var first = 0
    while first < rows {
      let last = first + 1 + numbers.integer(below: rows - first)
      ranges.append(first..<last)
      first = last
    }
    return ranges
  }
}
