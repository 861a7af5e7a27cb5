import CKernels
import PackedTensors
import TestSupport
import Testing

/// The kernels that multiply bfloat16 on every instruction set: equal bits, the promised order, and the definition in
/// Double on rounded factors.
@Suite struct Bfloat16KernelTests {
  private static let special: [Float] = [
    0, -0.0, .infinity, -.infinity, .nan, -.nan, Float(bitPattern: 0x7F80_0001), Float(bitPattern: 0xFFBF_FFFF),
    .leastNonzeroMagnitude, -.leastNonzeroMagnitude, Float(bitPattern: 0x007F_FFFF), -Float(bitPattern: 0x007F_FFFF),
    .leastNormalMagnitude, Float(bitPattern: 0x0080_8000), Float(bitPattern: 0x0081_8000), .greatestFiniteMagnitude,
    -.greatestFiniteMagnitude, Float(bitPattern: 0x7F7F_7FFF), Float(bitPattern: 0x7F7F_8000), 1, 1.00390625,
    1.01171875,
    -1.00390625, 1.00390637,
  ]

  /// Pairs as a set of kernels reads them: `row` of them stand together.
  private static func form(_ pairs: [UInt32], row: Int, _ kernels: ck_kernels) -> [UInt32] {
    if kernels.bfloat16_words == 1 { return pairs }
    return stride(from: 0, to: pairs.count, by: row).flatMap { at in
      pairs[at..<at + row].map { $0 & 0xFFFF_0000 } + pairs[at..<at + row].map { $0 << 16 }
    }
  }

  /// Pairs of `rows` of `channels` values in the kernels' form, the words that follow cut off.
  private static func pairs(_ x: [Float], rows: Int, channels: Int, _ kernels: ck_kernels) -> [UInt32] {
    let count = rows * ((channels + 1) / 2) * kernels.bfloat16_words
    var words = [UInt32](repeating: 0x7FC1_7FC1, count: count + Int(CK_SLACK))
    kernels.bfloat16_rows(Guarded.input(x), rows, channels, &words)
    return Array(words.prefix(count))
  }

  @Test(arguments: [1, 2, 3, 6, 17, 41, 64]) func roundingOfEveryKindOfNumber(channels: Int) {
    var numbers = Numbers(seed: UInt64(channels))
    let random = (0..<2000).map { n -> Float in
      let bits = UInt32(truncatingIfNeeded: numbers.bits())
      return Float(bitPattern: n % 4 == 0 ? bits & 0xFFFF_0000 | 0x8000 : bits)  // every fourth lies half way
    }
    let x = Array((Self.special + random).prefix((Self.special.count + 2000) / channels * channels))
    let rows = x.count / channels
    var expected: [UInt32] = []
    for t in 0..<rows {
      for c in stride(from: 0, to: channels, by: 2) {
        let (low, high) = (word(x[t * channels + c]), c + 1 < channels ? word(x[t * channels + c + 1]) : 0)
        expected.append(low | high << 16)
      }
    }
    for kernels in KernelSets.all {
      let got = Self.pairs(x, rows: rows, channels: channels, kernels)
      let expected = Self.form(expected, row: 1, kernels)
      for at in expected.indices where got[at] != expected[at] {
        report("bfloat16_rows on \(String(cString: kernels.name)), word \(at): \(got[at]), expected \(expected[at])")
        break
      }
    }
  }

  private func word(_ x: Float) -> UInt32 {
    (x.isNaN ? x.bitPattern | 0x0040_0000 : Bfloat16.rounded(x).bitPattern) >> 16
  }

  /// Words of any bits as factors, denormal and not finite ones too, and sums that begin anywhere.
  @Test(arguments: ["any", "near 1", "near the smallest", "overflowing"]) func theDotProduct(kind: String) {
    let (rows, out) = (200, 16)
    var numbers = Numbers(seed: UInt64(kind.count))
    func number(_ exponents: ClosedRange<Int>) -> UInt32 {
      let exponent = UInt32(exponents.lowerBound + numbers.integer(below: exponents.count))
      return UInt32(truncatingIfNeeded: numbers.bits()) & 0x807F_FFFF | exponent << 23
    }
    let (factors, starts): (ClosedRange<Int>, ClosedRange<Int>) =
      switch kind {
      case "near 1": (120...134, 120...134)
      case "near the smallest": (50...54, 0...2)  // products of about 2⁻¹⁵⁰
      case "overflowing": (186...194, 245...254)
      default: (0...255, 0...255)
      }
    let x = (0..<rows).map { _ in number(factors) >> 16 | number(factors) & 0xFFFF_0000 }
    let w = (0..<out).map { _ in number(factors) >> 16 | number(factors) & 0xFFFF_0000 }
    let start = (0..<rows * out).map { _ in
      // Denormal steps beside the smallest normal number, where rounding before and after flushing differ.
      let near = UInt32(0x007F_FFFE + numbers.integer(below: 6)) | UInt32(numbers.integer(below: 2)) << 31
      return Float(bitPattern: kind == "near the smallest" ? near : number(starts))
    }
    let got = KernelSets.run("dot products, \(kind)") { kernels in
      var y = Guarded(start)
      var parameters = ck_convolution(in: 2, out: out, taps: 1, stride: 1, dilation: 1, left: 0, ahead: nil)
      let (x, w) = (Self.form(x, row: 1, kernels), Self.form(w, row: out, kernels))
      y.write { kernels.bfloat16_convolve(&parameters, x, 0, rows, w, nil, 1, $0, out, 0, rows) }
      return .init(floats: y.values("dot products"))
    }
    func halves(_ pair: UInt32) -> (Float, Float) {
      (Float(bitPattern: pair << 16), Float(bitPattern: pair & 0xFFFF_0000))
    }
    let expected = start.indices.map { at in
      let ((x0, x1), (y0, y1)) = (halves(x[at / out]), halves(w[at % out]))
      return Bfloat16.dot(start[at], x0, x1, y0, y1)
    }
    report(Compare.bits("dot products, \(kind)", got.floats, expected))
    if kind == "near the smallest" {
      #expect(Set(expected.map(\.magnitude)).isSuperset(of: [0, .leastNormalMagnitude]), "nothing was near the edge")
    }
  }

  @Test func forwardAgreesOnEverySetAndWithTheDefinition() {
    for (number, one) in ConvolutionKernelTests.cases.enumerated() {
      let g = one.parameters
      var numbers = Numbers(seed: one.seed)
      let x = numbers.floats(one.length * g.in)
      let weight = numbers.floats(g.out * g.in * g.taps)
      let bias = numbers.floats(g.out)
      let old = numbers.floats(one.rows * g.out)
      let (withBias, adds) = (number % 3 == 0, number % 3 == 1)
      let how = Int32(adds ? CK_ADD.rawValue : 0)
      let name = "bfloat16_convolve(\(one), bias \(withBias), adds \(adds))"
      let packed = KernelOrder.pack(weight, g)
      let panels = (g.out + Int(CK_PANEL) - 1) / Int(CK_PANEL)
      let padded = bias + [Float](repeating: 0, count: Int(CK_SLACK))
      let cuts = ConvolutionKernelTests.cuts(one.rows, &numbers)
      let got = KernelSets.run(name) { kernels in
        var weights = [UInt32](
          repeating: 0, count: panels * g.taps * ((g.in + 1) / 2) * kernels.bfloat16_words * Int(CK_PANEL))
        kernels.bfloat16_weights(packed, panels, g.taps, g.in, &weights)
        var y = Guarded(old)
        for rows in cuts {
          let needed = one.inputRows(for: rows)
          let source = Array(x[needed.lowerBound * g.in..<needed.upperBound * g.in])
          let words =
            Self.pairs(source, rows: needed.count, channels: g.in, kernels)
            + [UInt32](repeating: 0x7FC1_7FC1, count: Int(CK_SLACK))
          var parameters = g
          y.write {
            kernels.bfloat16_convolve(
              &parameters, words, needed.lowerBound, one.length, weights, withBias ? padded : nil, how,
              $0 + rows.lowerBound * g.out, g.out, rows.lowerBound, rows.upperBound)
          }
        }
        return .init(floats: y.values(name))
      }
      var start = [Float](repeating: 0, count: one.rows * g.out)
      if withBias { for at in start.indices { start[at] = bias[at % g.out] } }
      if adds { for at in start.indices { start[at] = old[at] } }
      let ordered = Bfloat16.convolve(g, x, length: one.length, weight: weight, start: start)
      report(Compare.bits(name + " against the promised order", got.floats, ordered))
      if one.ahead == 0 {
        let defined = ReferenceConvolution.forward(
          one.geometry, x.map(Bfloat16.rounded).doubles, length: one.length,
          weight: weight.map(Bfloat16.rounded).doubles, bias: nil)
        report(
          Compare.close(
            name + " against the definition", got.floats,
            zip(defined, start).map { $0 + Double($1) },
            tolerance: Compare.tolerance(terms: g.in * g.taps + 1)))
      }
    }
  }

  @Test func weightGradientAgreesOnEverySetAndWithTheDefinition() {
    for one in ConvolutionKernelTests.cases {
      let g = one.parameters
      var numbers = Numbers(seed: one.seed)
      let x = numbers.floats(one.length * g.in)
      let dy = numbers.floats(one.rows * g.out)
      let name = "bfloat16_weight_gradient(\(one))"
      let packedCount = KernelOrder.pack([Float](repeating: 0, count: g.out * g.in * g.taps), g).count
      let room = (Int(CK_LEAF) * g.stride + 2 * (g.taps - 1) * g.dilation + 2) * g.in + Int(CK_SLACK)
      let got = KernelSets.run(name) { kernels in
        var dw = Guarded([Float](repeating: 0, count: packedCount))
        var scratch = [UInt32](repeating: 0x7FC1_7FC1, count: room + 1)
        for first in stride(from: 0, to: one.rows, by: KernelSizes.leaf) {
          let rows = first..<min(first + KernelSizes.leaf, one.rows)
          let needed = one.inputRows(for: rows)
          let source = Guarded(Array(x[needed.lowerBound * g.in..<needed.upperBound * g.in]))
          let gradient = Guarded.input(Array(dy[rows.lowerBound * g.out..<rows.upperBound * g.out]))
          var parameters = g
          source.read { source in
            dw.write { dw in
              kernels.bfloat16_weight_gradient(
                &parameters, source, needed.lowerBound, one.length, gradient, &scratch, dw, rows.lowerBound,
                rows.upperBound)
            }
          }
        }
        if scratch[room] != 0x7FC1_7FC1 { report("\(name): wrote behind the scratch") }
        return .init(floats: KernelOrder.unpack(dw.values(name), g))
      }
      let ordered = Bfloat16.weightGradient(g, x, length: one.length, dy)
      report(Compare.bits(name + " against the promised order", got.floats, ordered))
      if one.ahead == 0 {
        let defined = ReferenceConvolution.weightGradient(
          one.geometry, x.map(Bfloat16.rounded).doubles, dy.map(Bfloat16.rounded).doubles, length: one.length)
        report(
          Compare.close(
            name + " against the definition", got.floats, defined, tolerance: Compare.tolerance(terms: one.rows)))
      }
    }
  }

  /// A sum that was flushed to −0 before an odd leaf's last row, which is paired with a zero: that makes it +0.
  @Test func theLastRowOfAnOddLeafFollowsAZero() {
    let got = KernelSets.run("bfloat16_weight_gradient of three rows") { kernels in
      var dw = Guarded([-0.0] + [Float](repeating: 0, count: 15))
      var parameters = ck_convolution(in: 1, out: 4, taps: 1, stride: 1, dilation: 1, left: 0, ahead: nil)
      var scratch = [UInt32](repeating: 0, count: 100 + Int(CK_SLACK))
      dw.write {
        kernels.bfloat16_weight_gradient(
          &parameters, Guarded.input([0, 0x1p-64, 0]), 0, 3,
          Guarded.input([-1, 0, 0, 0, -0x1p-64, 0, 0, 0, -1, 0, 0, 0]), &scratch, $0, 0, 3)
      }
      return .init(floats: Array(dw.values("bfloat16_weight_gradient of three rows").prefix(1)))
    }
    report(Compare.bits("the last row of an odd leaf", got.floats, [0]))
  }

  /// Sums of a lane that are denormal, and gradients that add up to such.
  @Test func denormalSumsOfALaneAreZero() {
    let tiny = Float(bitPattern: 0x0040_0000)
    let got = KernelSets.run("bfloat16_weight_gradient near zero") { kernels in
      var dw = Guarded([tiny, -tiny, .leastNormalMagnitude, 0] + [Float](repeating: 0, count: 12))
      var parameters = ck_convolution(in: 1, out: 4, taps: 1, stride: 1, dilation: 1, left: 0, ahead: nil)
      var scratch = [UInt32](repeating: 0, count: 50 + Int(CK_SLACK))
      dw.write {
        kernels.bfloat16_weight_gradient(
          &parameters, Guarded.input([0x1p-70, 0x1p-70]), 0, 2,
          Guarded.input([0, 0, -0x1.8p-56, 0x1p-57, 0, 0, 0, 0]), &scratch, $0, 0, 2)
      }
      return .init(floats: Array(dw.values("bfloat16_weight_gradient near zero").prefix(4)))
    }
    // 2⁻¹²⁶ − 1.5·2⁻¹²⁶ is denormal; 2⁻¹²⁷ alone too.
    report(Compare.bits("denormal sums", got.floats, [0, 0, -0.0, 0]))
  }

  @Test(arguments: [1, 16, 17, 41, 64, 100]) func aNaNReachesEveryOutputThatReadsItAndNoOther(channels: Int) {
    let g = ck_convolution(in: 3, out: channels, taps: 3, stride: 2, dilation: 2, left: 2, ahead: nil)
    let (length, rows) = (41, 21)
    var numbers = Numbers(seed: 1)
    let weight = KernelOrder.pack(numbers.floats(channels * 9), g)
    let panels = (channels + 15) / 16
    for (place, value) in [0, 16, 17, 40].flatMap({ place in [Float.nan, .infinity].map { (place, $0) } }) {
      var x = numbers.floats(length * 3)
      x[place * 3 + 1] = value
      let got = KernelSets.run("bfloat16_convolve with \(value) at \(place)") { kernels in
        var weights = [UInt32](repeating: 0, count: panels * 6 * kernels.bfloat16_words * 16)
        kernels.bfloat16_weights(weight, panels, 3, 3, &weights)
        var y = Guarded([Float](repeating: 0, count: rows * channels))
        var parameters = g
        let words = Self.pairs(x, rows: length, channels: 3, kernels)
        y.write { kernels.bfloat16_convolve(&parameters, words, 0, length, weights, nil, 0, $0, channels, 0, rows) }
        return .init(floats: y.values("bfloat16_convolve"))
      }
      for t in 0..<rows {
        let reads = (0..<3).contains { t * 2 - 2 + $0 * 2 == place }
        for o in 0..<channels {
          let isFinite = got.floats[t * channels + o].isFinite
          #expect(isFinite != reads, "\(value) at \(place): row \(t), channel \(o) of \(channels)")
        }
      }
    }
  }
}
