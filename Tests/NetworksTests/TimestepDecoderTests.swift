import PackedTensors
import TestSupport
import Testing

@testable import Networks

/// From frames to timesteps.
@Suite struct TimestepDecoderTests {
  @Test(arguments: [
    (1, [1]), (2, [2]), (4, [4]), (6, [2, 3]), (128, [2, 4, 4, 4]), (7, [7]), (98, [2, 7, 7]), (26, [2, 13]),
  ])
  func aFrameIsUndoneFactorByFactor(frame: Int, strides: [Int]) {
    #expect(TimestepDecoder.strides(of: frame) == strides)
  }

  @Test(arguments: [1, 2, 6, 13])
  func aSequenceIsDecodedAloneAsInAnyBatch(frame: Int) {
    let store = ParameterStore(seed: 5)
    let decoder = TimestepDecoder(
      "decoder", inputs: 3, hidden: 5, outputs: 4, frame: frame, placed: false, in: store)
    var numbers = Numbers(seed: 2)
    let layout = RaggedLayout(lengths: [1, 30, 7, 131], laneBounds: [0, 2, 2, 4])
    let frames = layout.strided(by: frame)
    let codes = PackedTensor(layout: frames, channels: 3, elements: numbers.floats(frames.timesteps * 3))
    func pass(_ ids: [Int]) -> ForwardPass {
      ForwardPass(store: store, mode: .evaluation, statistics: LaneStatistics(), ids: ids)
    }
    let all = decoder.forward(codes, to: layout, pass([0, 1, 2, 3])).0
    #expect(all.layout.timesteps == layout.timesteps && all.channels == 4)
    for sequence in 0..<4 {
      let rows = frames.rows(of: sequence)
      let code = PackedTensor(
        layout: RaggedLayout(lengths: [rows.count]), channels: 3,
        elements: (rows.lowerBound * 3..<rows.upperBound * 3).map { codes.base[$0] })
      let alone = decoder.forward(
        code, to: RaggedLayout(lengths: [layout.length(of: sequence)]), pass([sequence])
      ).0
      let first = all.row(layout.offsets[sequence])
      #expect((0..<alone.count).allSatisfy { alone.base[$0] == first[$0] }, "sequence \(sequence)")
      // The timesteps of a frame are not told the same.
      let values = Set((0..<min(frame, layout.length(of: sequence))).map { alone.row($0)[0] })
      #expect(values.count > 1 || min(frame, layout.length(of: sequence)) == 1, "sequence \(sequence)")
    }
  }

  @Test func placesTellTimestepsApartAndAreNoInput() {
    var numbers = Numbers(seed: 4)
    let layout = RaggedLayout(lengths: [1, 784, 130], laneBounds: [0, 1, 3])
    let rows = PackedTensor(layout: layout.pooled, channels: 3, elements: numbers.floats(9))
    let placed = PlacedRows.forward(rows, to: layout)
    let width = 3 + PlacedRows.places
    let distinct = Set((0..<784).map { t in (3..<width).map { placed.row(1 + t)[$0] } })
    #expect(distinct.count == 784)
    #expect((0..<784).allSatisfy { t in (0..<3).allSatisfy { placed.row(1 + t)[$0] == rows.row(1)[$0] } })
    // ⟨A x, y⟩ = ⟨x, Aᵀ y⟩ of the part that is linear in the rows.
    let y = PackedTensor(layout: layout, channels: width, elements: numbers.floats(layout.timesteps * width))
    let back = PlacedRows.backward(y)
    var (forward, adjoint) = (0.0, 0.0)
    for row in 0..<layout.timesteps { for c in 0..<3 { forward += Double(placed.row(row)[c]) * Double(y.row(row)[c]) } }
    for index in 0..<9 { adjoint += Double(rows.base[index]) * Double(back.base[index]) }
    #expect(abs(forward - adjoint) < 1e-4, "\(forward) and \(adjoint)")
  }
}
