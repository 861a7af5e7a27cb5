import CKernels
import PackedTensors
import TestSupport
import Testing

/// The kernels that draw, on every instruction set, against draws made one by one.
@Suite struct RandomKernelTests {
  private let key = RandomKey(seed: 3, purpose: "encoder.blocks.0", epoch: 2)
  /// Rows and sequences.
  private static let places = [(0, 1), (1, -1), (7, 1 << 32), (97, 12)]

  @Test(arguments: Edges.channels) func dropout(channels: Int) {
    for (rows, sequence) in Self.places {
      var numbers = Numbers(seed: UInt64(1000 * channels + rows))
      let x = numbers.floats(rows * channels, scale: 3)
      let (threshold, scale) = (UInt32(0.3 * 0x1p32), Float(1 / 0.7))
      let expected = x.indices.map { index in
        let (t, c) = (index / channels, index % channels)
        let draw = key.bits(sequence: sequence, timestep: t, channel: c / 4)[c % 4]
        return draw < threshold ? 0 : x[index] * scale
      }
      check("dropout (rows \(rows), channels \(channels), sequence \(sequence))", x, expected) {
        $0.dropout($1, rows, channels, key.key, UInt64(bitPattern: Int64(sequence)), threshold, scale)
      }
    }
  }

  @Test(arguments: [1, 2, 3, 6, 17]) func normals(channels: Int) {
    for (rows, sequence) in Self.places + [(4000, 5)] {
      var numbers = Numbers(seed: UInt64(1000 * channels + rows))
      let x = numbers.floats(rows * channels, scale: 3)
      let expected = x.indices.map { index in
        let (t, c) = (index / channels, index % channels)
        let draws = key.normals(sequence: sequence, timestep: t, channel: c - c % 2)
        return x[index] + Float(0.7 * (c % 2 == 0 ? draws.0 : draws.1))
      }
      check("normals (rows \(rows), channels \(channels), sequence \(sequence))", x, expected) {
        $0.add_normals($1, rows, channels, key.key, UInt64(bitPattern: Int64(sequence)), 0.7)
      }
    }
  }

  /// Demands these bits of every set's kernel, which changes `x` in place.
  private func check(
    _ name: String, _ x: [Float], _ expected: [Float], _ kernel: (ck_kernels, UnsafeMutablePointer<Float>) -> Void
  ) {
    let got = KernelSets.run(name) { kernels in
      var values = Guarded(x)
      values.write { kernel(kernels, $0) }
      return KernelSets.Result(floats: values.values(name))
    }
    report(Compare.bits(name, got.floats, expected))
  }
}
