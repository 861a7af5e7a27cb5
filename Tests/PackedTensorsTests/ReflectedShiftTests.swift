import PackedTensors
import TestSupport
import Testing

/// Sequences moved along time and mirrored at their ends.
@Suite struct ReflectedShiftTests {
  /// What stands there can be told from the number: 10 × sequence + timestep, and its negative beside it.
  private func numbered(_ layout: RaggedLayout) -> PackedTensor {
    let x = PackedTensor(layout: layout, channels: 2)
    for sequence in 0..<layout.sequences {
      for (timestep, row) in layout.rows(of: sequence).enumerated() {
        x.row(row)[0] = Float(10 * sequence + timestep)
        x.row(row)[1] = -x.row(row)[0]
      }
    }
    return x
  }

  @Test func rowsMoveAndAreMirrored() {
    // The second lane is empty.
    let layout = RaggedLayout(lengths: [5, 5, 4, 3, 1, 1, 0], laneBounds: [0, 2, 2, 7])
    let moved = ReflectedShift([2, -2, 0, 9, -1, 0, 2], in: layout).forward(numbered(layout))
    let expected: [Float] = [2, 3, 4, 3, 2, 12, 11, 10, 11, 12, 20, 21, 22, 23, 32, 31, 30, 40, 50]
    #expect((0..<layout.timesteps).map { moved.row($0)[0] } == expected)
    #expect((0..<layout.timesteps).map { moved.row($0)[1] } == expected.map { -$0 })
    #expect(moved.layout == layout)
  }

  @Test func theAdjointIsTheTranspose() {
    let layout = RaggedLayout(lengths: [1, 2, 40, 7, 0], laneBounds: [0, 1, 1, 5])
    var numbers = Numbers(seed: 3)
    func drawn() -> PackedTensor {
      PackedTensor(layout: layout, channels: 3, elements: numbers.floats(layout.timesteps * 3))
    }
    let (x, g) = (drawn(), drawn())
    func product(_ a: PackedTensor, _ b: PackedTensor) -> [Double] {
      [zip(a.elements, b.elements).reduce(0) { $0 + Double($1.0) * Double($1.1) }]
    }
    for shifts in [[0, 0, 0, 0, 0], [3, 1, -5, 6, 1], [-1, -1, 39, -2, -1]] {
      let shift = ReflectedShift(shifts, in: layout)
      report(
        Compare.close(
          "Sx·g and x·Sᵀg of shifts \(shifts), seed 3", product(shift.forward(x), g),
          product(x, shift.backward(g)), tolerance: Compare.tolerance(terms: g.count)))
    }
  }
}
