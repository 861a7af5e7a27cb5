import CKernels
import PackedTensors
import TestSupport
import Testing

/// Layer normalisation on every instruction set, and against its definition in Double.
@Suite struct LayerNormTests {
  private static let epsilon: Float = 1e-5

  @Test(arguments: Edges.channels) func kernels(channels: Int) {
    for rows in [0, 1, 7, 96] {
      var numbers = Numbers(seed: UInt64(3000 * channels + rows))
      let (x, g) = (numbers.floats(rows * channels, scale: 3), numbers.floats(rows * channels))
      let (gain, bias) = (numbers.floats(channels), numbers.floats(channels))
      let (dx, old) = (numbers.floats(rows * channels), numbers.floats(2 * channels))
      let name = "layer_norm(rows \(rows), channels \(channels), seed \(numbers.seed))"
      let got = KernelSets.run(name) { kernels in
        var y = Guarded([Float](repeating: 0, count: rows * channels))
        y.write {
          kernels.layer_norm(
            Guarded.input(x), Guarded.input(gain), Guarded.input(bias), Self.epsilon, rows, channels, $0)
        }
        return .init(floats: y.values(name))
      }
      let epsilon = Double(Self.epsilon)
      // A row of one channel, or nearly equal ones, is divided by the root of ε.
      let scale = channels == 1 ? 400.0 : 100
      report(
        Compare.close(
          name, got.floats,
          ReferenceLayerNormalisation.forward(x.doubles, gain: gain.doubles, bias: bias.doubles, epsilon: epsilon),
          tolerance: Compare.tolerance(terms: channels, scale: scale)))
      let expected = ReferenceLayerNormalisation.backward(x.doubles, g.doubles, gain: gain.doubles, epsilon: epsilon)
      for isAdded in [false, true] {
        let name = "layer_norm_gradient(rows \(rows), channels \(channels), added \(isAdded), seed \(numbers.seed))"
        let got = KernelSets.run(name) { kernels in
          var (slope, sums) = (Guarded(dx), Guarded(old))
          slope.write { slope in
            sums.write { sums in
              kernels.layer_norm_gradient(
                Guarded.input(x), Guarded.input(g), Guarded.input(gain), Self.epsilon, rows, channels,
                isAdded ? Int32(CK_ADD.rawValue) : 0, slope, sums)
            }
          }
          return .init(floats: slope.values(name) + sums.values(name))
        }
        let slopes = expected.x.indices.map { expected.x[$0] + (isAdded ? Double(dx[$0]) : 0) }
        let sums = zip(old, expected.bias + expected.gain).map { Double($0) + $1 }
        report(
          Compare.close(
            name, got.floats, slopes + sums, tolerance: Compare.tolerance(terms: channels + rows, scale: scale)))
      }
    }
  }

  @Test func lanesHaveSumsOfTheirOwnAndSequencesOutputsOfTheirOwn() {
    let layout = RaggedLayout(lengths: [1, 200, 97, 3], laneBounds: [0, 2, 2, 4])
    var numbers = Numbers(seed: 5)
    let x = PackedTensor(layout: layout, channels: 19, elements: numbers.floats(layout.timesteps * 19))
    let g = PackedTensor(layout: layout, channels: 19, elements: numbers.floats(layout.timesteps * 19))
    let (gain, bias) = (numbers.floats(19), numbers.floats(19))
    let y = LayerNormalisation.forward(x, gain: gain, bias: bias, epsilon: Self.epsilon)
    var lanes: [[Float]] = []
    let dx = LayerNormalisation.backward(x, g, gain: gain, epsilon: Self.epsilon) {
      #expect($0 == lanes.count)
      lanes.append(Array(UnsafeBufferPointer(start: $1, count: 38)))
    }
    for lane in 0..<3 {
      let sequences = layout.sequences(ofLane: lane)
      let (values, slopes) = (
        sequences.flatMap { slice(x.elements, layout, $0) }, sequences.flatMap { slice(g.elements, layout, $0) }
      )
      let expected = ReferenceLayerNormalisation.backward(
        values.doubles, slopes.doubles, gain: gain.doubles, epsilon: Double(Self.epsilon))
      report(
        Compare.close(
          "sums of lane \(lane)", lanes[lane], expected.bias + expected.gain,
          tolerance: Compare.tolerance(terms: 201, scale: 8)))
    }
    for sequence in 0..<layout.sequences {
      let alone = RaggedLayout(lengths: [layout.length(of: sequence)])
      func part(_ t: PackedTensor) -> PackedTensor {
        PackedTensor(layout: alone, channels: 19, elements: slice(t.elements, layout, sequence))
      }
      let output = LayerNormalisation.forward(part(x), gain: gain, bias: bias, epsilon: Self.epsilon)
      report(Compare.bits("sequence \(sequence)", output.elements, slice(y.elements, layout, sequence)))
      let slope = LayerNormalisation.backward(part(x), part(g), gain: gain, epsilon: Self.epsilon) { _, _ in }
      report(Compare.bits("slope of sequence \(sequence)", slope.elements, slice(dx.elements, layout, sequence)))
    }
  }
}
