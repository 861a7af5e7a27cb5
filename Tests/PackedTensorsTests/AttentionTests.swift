import CKernels
import PackedTensors
import TestSupport
import Testing

/// Attention on every instruction set, against its definition in Double, and the laws that tiles must not touch.
@Suite struct AttentionTests {
  /// Lengths around the edges of panels, tiles of queries and blocks of keys; depths that fill panels and do not.
  static let lengths = [1, 2, 15, 16, 17, 95, 96, 97, 127, 128, 129, 257, 300]
  static let depths = [1, 6, 16, 17, 32, 72]

  @Test(arguments: depths, [false, true]) func kernels(depth: Int, isCausal: Bool) {
    for length in Self.lengths where length < 200 || depth % 16 == 0 {
      var numbers = Numbers(seed: UInt64(1000 * depth + length))
      // Rows of two heads side by side, of which the second is taken.
      let row = 6 * depth
      let x = numbers.floats(length * row, scale: 2)
      let g = numbers.floats(length * 2 * depth)
      func head(_ part: Int) -> [Double] {
        (0..<length).flatMap { t in (0..<depth).map { Double(x[t * row + (2 * part + 1) * depth + $0]) } }
      }
      let (q, k, v) = (head(0), head(1), head(2))
      let slopes = (0..<length).flatMap { t in (0..<depth).map { Double(g[t * 2 * depth + depth + $0]) } }
      var parameters = ck_attention(
        length: length, depth: depth, row: row, out_row: 2 * depth, heads: 2,
        scale: Float(1 / Double(depth).squareRoot()), causal: isCausal ? 1 : 0, turns: nil)
      let name = "attention(length \(length), depth \(depth), causal \(isCausal), seed \(numbers.seed))"
      let got = KernelSets.run(name) { kernels in
        var (y, sums) = (
          Guarded([Float](repeating: 0, count: length * 2 * depth)), Guarded([Float](repeating: 0, count: length * 2))
        )
        var dx = Guarded([Float](repeating: 0, count: x.count))
        var scratch = [Float](repeating: .nan, count: ck_attention_scratch(length, depth, 0) + Int(CK_SLACK))
        var more = [Float](repeating: .nan, count: ck_attention_scratch(length, depth, 1) + Int(CK_SLACK))
        Guarded.input(x).withUnsafeBufferPointer { x in
          Guarded.input(g).withUnsafeBufferPointer { g in
            let (q, k, v) = (x.baseAddress! + depth, x.baseAddress! + 3 * depth, x.baseAddress! + 5 * depth)
            y.write { y in
              sums.write { sums in
                kernels.attention(&parameters, q, k, v, &scratch, y + depth, sums + 1)
                dx.write { dx in
                  kernels.attention_gradient(
                    &parameters, q, k, v, y + depth, sums + 1, g.baseAddress! + depth, &more, dx + depth,
                    dx + 3 * depth,
                    dx + 5 * depth)
                }
              }
            }
          }
        }
        return .init(floats: y.values(name) + sums.values(name) + dx.values(name))
      }
      let scale = 1 / Double(depth).squareRoot()
      let expected = ReferenceAttention.forward(q, k, v, depth: depth, scale: scale, isCausal: isCausal)
      let gradient = ReferenceAttention.backward(q, k, v, slopes, depth: depth, scale: scale, isCausal: isCausal)
      var all: [Double] = []
      for t in 0..<length { all += zeros(depth) + expected.output[t * depth..<(t + 1) * depth] }
      for t in 0..<length { all += [0, expected.logSums[t]] }
      for t in 0..<length {
        for part in [gradient.q, gradient.k, gradient.v] { all += zeros(depth) + part[t * depth..<(t + 1) * depth] }
      }
      report(
        Compare.close(name, got.floats, all, tolerance: Compare.tolerance(terms: length + 4 * depth, scale: 8)))
    }
  }

  private func zeros(_ count: Int) -> [Double] { [Double](repeating: 0, count: count) }

  @Test func weightsOfEverySize() {
    // Scores of some thousands: all weight is on one key, and no sum overflows.
    var numbers = Numbers(seed: 3)
    let layout = RaggedLayout(lengths: [300])
    let x = PackedTensor(layout: layout, channels: 48, elements: numbers.floats(300 * 48, scale: 60))
    let attention = Attention(width: 16, heads: 1, isCausal: false)
    let (y, saved) = attention.forward(x, turns: nil)
    let g = PackedTensor(layout: layout, channels: 16, elements: numbers.floats(300 * 16))
    let dx = attention.backward(x, g, saved, turns: nil)
    let elements = x.elements.doubles
    func part(_ from: Int) -> [Double] { (0..<300).flatMap { t in (0..<16).map { elements[t * 48 + from + $0] } } }
    let expected = ReferenceAttention.forward(part(0), part(16), part(32), depth: 16, scale: 0.25, isCausal: false)
    // A score of 5,000 is rounded to 2⁻¹², and its weight by as much.
    report(Compare.close("large scores", y.elements, expected.output, tolerance: 60 * 0x1p-9))
    #expect(dx.elements.allSatisfy { $0.isFinite })
  }

  @Test(arguments: [(24, 3, false, true), (24, 3, true, false), (64, 2, true, true)])
  func aSequenceAloneGivesWhatItGivesInABatch(width: Int, heads: Int, isCausal: Bool, isTurned: Bool) {
    let layout = RaggedLayout(lengths: [1, 130, 0, 97, 300], laneBounds: [0, 2, 2, 5])
    var numbers = Numbers(seed: 9)
    let x = PackedTensor(layout: layout, channels: 3 * width, elements: numbers.floats(layout.timesteps * 3 * width))
    let g = PackedTensor(layout: layout, channels: width, elements: numbers.floats(layout.timesteps * width))
    let attention = Attention(width: width, heads: heads, isCausal: isCausal)
    let turns = isTurned ? Positions(timesteps: 300, channels: width / heads) : nil
    let (y, saved) = attention.forward(x, turns: turns)
    let dx = attention.backward(x, g, saved, turns: turns)
    for sequence in 0..<layout.sequences {
      let alone = RaggedLayout(lengths: [layout.length(of: sequence)])
      func part(_ t: PackedTensor) -> PackedTensor {
        PackedTensor(layout: alone, channels: t.channels, elements: slice(t.elements, layout, sequence))
      }
      let (output, kept) = attention.forward(part(x), turns: turns)
      report(Compare.bits("sequence \(sequence)", output.elements, slice(y.elements, layout, sequence)))
      let slope = attention.backward(part(x), part(g), kept, turns: turns)
      report(Compare.bits("slopes of sequence \(sequence)", slope.elements, slice(dx.elements, layout, sequence)))
    }
    // What comes later does not change what a causal timestep gives.
    guard isCausal else { return }
    let changed = x.copied()
    for t in 200..<300 { changed.row(layout.offsets[4] + t).update(repeating: 7, count: 3 * width) }
    let after = attention.forward(changed, turns: turns).0.elements
    let earlier = 0..<(layout.offsets[4] + 200) * width
    report(Compare.bits("before what changed", Array(after[earlier]), Array(y.elements[earlier])))
  }

  @Test func turnsTellDistancesAlone() {
    // Rotary scores depend on the distance: shifted by 11 timesteps they are the same.
    let (depth, length) = (8, 40)
    let turns = Positions(timesteps: length, channels: depth)
    var numbers = Numbers(seed: 4)
    let (q, k) = (numbers.floats(depth), numbers.floats(depth))
    func attended(_ at: Int, _ other: Int) -> Float {
      // Two keys, of which one is zero: the output tells the other's score.
      let layout = RaggedLayout(lengths: [length])
      let x = PackedTensor(layout: layout, channels: 3 * depth)
      x.fill(0)
      for c in 0..<depth { (x.row(at)[c], x.row(other)[depth + c]) = (q[c], k[c]) }
      x.row(other)[2 * depth] = 1
      return Attention(width: depth, heads: 1, isCausal: false).forward(x, turns: turns).0.row(at)[0]
    }
    let near = attended(3, 9)
    #expect(abs(near - attended(14, 20)) < 1e-5)
    #expect(abs(near - attended(3, 12)) > 1e-4)
  }

  @Test func memoryIsLinearInTheLength() {
    let attention = Attention(width: 32, heads: 2, isCausal: false)
    /// Floats of output, logarithms, gradients and work, of one thread.
    func floats(_ length: Int) -> Int {
      2 * ck_attention_scratch(length, attention.depth, 1) + length * (32 + 2 + 3 * 32)
    }
    let (short, long) = (floats(4096), floats(30_720))
    #expect(long < 8 * short, "\(long) floats for 30720 timesteps, \(short) for 4096")
    // One head of 30,720 timesteps works in 6 MiB; its weights would be 3.5 GiB.
    #expect(4 * ck_attention_scratch(30_720, attention.depth, 1) < 7 << 20)
  }
}
