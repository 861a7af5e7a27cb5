import CKernels
import PackedTensors
import TestSupport
import Testing

/// Sums over timesteps on every instruction set: leaf by leaf in the promised order, and near the sums in Double.
@Suite struct SumKernelTests {
  @Test(arguments: Edges.channels) func columnSums(channels: Int) {
    for rows in Edges.rows {
      var numbers = Numbers(seed: UInt64(1000 * channels + rows))
      let x = numbers.floats(rows * channels)
      let keep = numbers.flags(rows)
      let old = numbers.floats(channels)
      for withKeep in [false, true] {
        let name = "column_sums(rows \(rows), channels \(channels), keep \(withKeep), seed \(numbers.seed))"
        let got = KernelSets.run(name) { kernels in
          var sums = Guarded(old)
          sums.write { kernels.column_sums(Guarded.input(x), withKeep ? keep : nil, rows, channels, $0) }
          return .init(floats: sums.values(name))
        }
        var ordered = old
        for first in stride(from: 0, to: rows, by: KernelSizes.leaf) {
          for c in 0..<channels {
            var sum: Float = 0
            for t in first..<min(first + KernelSizes.leaf, rows) where !withKeep || keep[t] != 0 {
              sum += x[t * channels + c]
            }
            ordered[c] += sum
          }
        }
        report(Compare.bits(name, got.floats, ordered))
      }
      let name = "column_sums_double(rows \(rows), channels \(channels), seed \(numbers.seed))"
      let got = KernelSets.run(name) { kernels in
        .init(doubles: self.sums(channels) { kernels.column_sums_double(Guarded.input(x), rows, channels, $0) })
      }
      let ordered = KernelOrder.leafSums(rows: rows, channels: channels) { $0 + x[$1 * channels + $2] }
      report(Compare.bits(name, got.doubles, ordered))
      report(Compare.close(name, got.doubles, defined(rows, channels) { Double(x[$0]) }, tolerance: tolerance(rows)))
    }
  }

  @Test(arguments: Edges.channels) func moments(channels: Int) {
    for rows in Edges.rows {
      var numbers = Numbers(seed: UInt64(2000 * channels + rows))
      let x = numbers.floats(rows * channels)
      let pivot = numbers.floats(channels)
      let name = "moments(rows \(rows), channels \(channels), seed \(numbers.seed))"
      let got = KernelSets.run(name) { kernels in
        .init(
          doubles: self.sums(2 * channels) {
            kernels.moments(Guarded.input(x), Guarded.input(pivot), rows, channels, $0)
          })
      }
      let first = KernelOrder.leafSums(rows: rows, channels: channels) { $0 + (x[$1 * channels + $2] - pivot[$2]) }
      let second = KernelOrder.leafSums(rows: rows, channels: channels) {
        let d = x[$1 * channels + $2] - pivot[$2]
        return $0.addingProduct(d, d)
      }
      report(Compare.bits(name, got.doubles, first + second))
      let centred = { (at: Int) in Double(x[at]) - Double(pivot[at % channels]) }
      let definition =
        defined(rows, channels, centred) + defined(rows, channels) { centred($0) * centred($0) }
      // Squares have one sign: their sum grows to n, not to √n.
      let squares = 4 * Double(max(1, rows)).squareRoot()
      report(Compare.close(name, got.doubles, definition, tolerance: squares * tolerance(rows)))
    }
  }

  @Test func squareSumsAndAdditions() {
    for count in [0, 1, 7, 8, 15, 16, 17, 31, 100, 1000] {
      var numbers = Numbers(seed: UInt64(count))
      let (x, y) = (numbers.floats(count), numbers.floats(count))
      let name = "square_sum(\(count) elements, seed \(count))"
      let got = KernelSets.run(name) { .init(doubles: [$0.square_sum(Guarded.input(x), count)]) }
      var folded = [Double](repeating: 0, count: 16)
      for (at, value) in x.enumerated() { folded[at % 16] += Double(value) * Double(value) }
      for width in [8, 4, 2, 1] { for j in 0..<width { folded[j] += folded[j + width] } }
      report(Compare.bits(name, got.doubles, [folded[0]]))
      let sums = KernelSets.run("add(\(count) elements)") { kernels in
        var to = Guarded(y)
        to.write { kernels.add($0, Guarded.input(x), count) }
        return .init(floats: to.values("add(\(count) elements)"))
      }
      report(Compare.bits("add(\(count) elements)", sums.floats, zip(y, x).map { $0 + $1 }))
    }
  }

  private func tolerance(_ rows: Int) -> Double {
    Compare.tolerance(terms: min(rows, KernelSizes.leaf)) * Double(rows / KernelSizes.leaf + 1)
  }

  private func sums(_ count: Int, _ body: (UnsafeMutablePointer<Double>) -> Void) -> [Double] {
    var sums = [Double](repeating: 0, count: count)
    sums.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
    return sums
  }

  private func defined(_ rows: Int, _ channels: Int, _ value: (_ at: Int) -> Double) -> [Double] {
    (0..<channels).map { c in (0..<rows).reduce(0) { $0 + value($1 * channels + c) } }
  }
}
