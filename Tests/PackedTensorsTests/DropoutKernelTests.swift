import CKernels
import PackedTensors
import TestSupport
import Testing

/// The dropout kernel on every instruction set against draws made one by one.
@Suite struct DropoutKernelTests {
  @Test(arguments: Edges.channels)
  func againstSingleDraws(channels: Int) {
    let key = RandomKey(seed: 3, purpose: "encoder.blocks.0", epoch: 2)
    for (rows, sequence) in [(0, 1), (1, -1), (7, 1 << 32), (97, 12)] {
      var numbers = Numbers(seed: UInt64(1000 * channels + rows))
      let x = numbers.floats(rows * channels, scale: 3)
      let (rate, scale) = (0.3, Float(1 / 0.7))
      let name = "dropout (rows \(rows), channels \(channels), sequence \(sequence), seed \(numbers.seed))"
      let got = KernelSets.run(name) { kernels in
        var values = Guarded(x)
        values.write {
          kernels.dropout(
            $0, rows, channels, key.key, UInt64(bitPattern: Int64(sequence)), UInt32(rate * 0x1p32), scale)
        }
        return KernelSets.Result(floats: values.values(name))
      }
      let expected = x.indices.map { index in
        let (t, c) = (index / channels, index % channels)
        let draw = key.bits(sequence: sequence, timestep: t, channel: c / 4)[c % 4]
        return draw < UInt32(rate * 0x1p32) ? 0 : x[index] * scale
      }
      report(Compare.bits(name, got.floats, expected))
    }
  }
}
