import CKernels
import PackedTensors
import TestSupport
import Testing

/// The kernels that bring weights into panels and back, on every instruction set, against the layout's definition.
@Suite struct PackingKernelTests {
  /// Output and input channels, taps.
  static let shapes = [
    (1, 1, 1), (1, 3, 7), (3, 1, 2), (16, 16, 1), (15, 17, 3), (17, 15, 4), (32, 6, 5), (41, 12, 3), (64, 64, 3),
    (100, 33, 1), (33, 100, 1), (32, 64, 1),
  ]
  private static let panel = Int(CK_PANEL)

  private func padded(_ channels: Int) -> Int { (channels + Self.panel - 1) / Self.panel * Self.panel }

  private func weights(_ shape: (Int, Int, Int)) -> [Float] {
    var numbers = Numbers(seed: UInt64(shape.0 * 10000 + shape.1 * 100 + shape.2))
    return numbers.floats(shape.0 * shape.1 * shape.2, scale: 2)
  }

  /// What `body` writes to `count` floats, equal on every set.
  private func written(
    _ name: String, _ count: Int, _ body: (ck_kernels, UnsafeMutablePointer<Float>) -> Void
  ) -> [Float] {
    KernelSets.run(name) { kernels in
      var values = Guarded([Float](repeating: 77, count: count))
      values.write { body(kernels, $0) }
      return KernelSets.Result(floats: values.values(name))
    }.floats
  }

  @Test(arguments: shapes) func panelsAndBack(shape: (Int, Int, Int)) {
    let (out, inputs, taps) = shape
    let weight = weights(shape)
    var expected = [Float](repeating: 0, count: padded(out) * inputs * taps)
    for o in 0..<out {
      for i in 0..<inputs {
        for k in 0..<taps {
          let row = k * inputs + i
          expected[o / Self.panel * Self.panel * inputs * taps + row * Self.panel + o % Self.panel] =
            weight[(o * inputs + i) * taps + k]
        }
      }
    }
    let packed = written("packing \(shape)", expected.count) { $0.pack_weights(weight, out, inputs, taps, $1) }
    report(Compare.bits("packed \(shape)", packed, expected))
    let back = written("unpacking \(shape)", weight.count) { $0.unpack_weights(expected, out, inputs, taps, $1) }
    report(Compare.bits("unpacked \(shape)", back, weight))
  }

  @Test(arguments: shapes) func panelsOfTheAdjoint(shape: (Int, Int, Int)) {
    let (out, inputs, taps) = shape
    let weight = weights(shape)
    // All taps, last first; and of two phases of a stride as many each, none where there is one tap.
    for order in [
      [Array((0..<taps).reversed())], [0, 1].map { phase in (0..<taps / 2 * 2).reversed().filter { $0 % 2 == phase } },
    ] {
      let (phases, count) = (order.count, order[0].count)
      let columns = phases * inputs
      var expected = [Float](repeating: 0, count: padded(columns) * count * out)
      for (phase, chosen) in order.enumerated() {
        for n in 0..<count {
          for o in 0..<out {
            for i in 0..<inputs {
              let column = phase * inputs + i
              let place =
                column / Self.panel * Self.panel * count * out + (n * out + o) * Self.panel + column % Self.panel
              expected[place] = weight[(o * inputs + i) * taps + chosen[n]]
            }
          }
        }
      }
      let packed = written("packing the adjoint of \(shape)", expected.count) {
        $0.pack_adjoint_weights(weight, out, inputs, taps, Array(order.joined()), phases, count, $1)
      }
      report(Compare.bits("packed for the adjoint \(shape), \(phases) phases", packed, expected))
    }
  }
}
