import PackedTensors
import TestSupport
import Testing

@testable import Training

/// Two views of a sequence.
@Suite struct ViewDrawingTests {
  /// Sequences of two features that count: timestep t of sequence s holds 1000·s + t and its negative.
  private func counting(_ lengths: [Int], lanes: [Int]? = nil) -> PackedTensor {
    let layout = RaggedLayout(lengths: lengths, laneBounds: lanes, globalLengths: lengths + [7])
    let x = PackedTensor(layout: layout, channels: 2)
    for (sequence, length) in lengths.enumerated() {
      for t in 0..<length {
        let row = x.row(layout.offsets[sequence] + t)
        row[0] = Float(1000 * sequence + t)
        row[1] = -row[0]
      }
    }
    return x
  }

  private func views(_ drawing: ViewDrawing, _ x: PackedTensor, seed: UInt64 = 1, epoch: Int = 0) -> [[Float]] {
    let views = drawing.views(of: x, ids: Array(10..<10 + x.layout.sequences), seed: seed, epoch: epoch)
    return (0..<views.layout.sequences).map { index in
      views.layout.rows(of: index).map { views.row($0)[0] }
    }
  }

  @Test func windowsAreStretchesOfTheirSequence() {
    let x = counting([40, 9, 100], lanes: [0, 1, 1, 3])
    let drawing = ViewDrawing(extent: .timesteps(9), within: 5)
    let packed = drawing.views(of: x, ids: [10, 11, 12], seed: 1, epoch: 0)
    #expect(packed.layout.laneBounds == [0, 2, 2, 6])
    #expect(packed.layout.globalLengths == [9, 9, 9, 9, 9, 9, 7, 7])
    var starts: Set<Float> = []
    for epoch in 0..<40 {
      let drawn = views(drawing, x, epoch: epoch)
      for (index, view) in drawn.enumerated() {
        let first = Float(1000 * (index / 2))
        #expect(view == (0..<9).map { view[0] + Float($0) }, "\(view)")
        #expect(view[0] >= first && view[8] < first + [40, 9, 100][index / 2], "\(view)")
      }
      #expect(abs(drawn[4][0] - drawn[5][0]) <= 5)
      starts.insert(drawn[4][0] - 2000)
    }
    #expect(starts.count > 20 && starts.contains { $0 > 60 } && starts.contains { $0 < 30 }, "\(starts)")
  }

  @Test func drawsAreOfSeedEpochAndSequenceAlone() {
    let drawing = ViewDrawing(extent: .share(0.5), jitter: 0.1, scaling: 0.1, pieces: 3, mask: 0.1)
    let x = counting([64, 64])
    #expect(views(drawing, x) == views(drawing, x))
    #expect(views(drawing, x) != views(drawing, x, seed: 2))
    #expect(views(drawing, x) != views(drawing, x, epoch: 1))
    // The second sequence alone, with its own id, is drawn as beside the first.
    let alone = PackedTensor(
      layout: RaggedLayout(lengths: [64]), channels: 2, elements: Array(x.elements[128...]))
    let drawn = drawing.views(of: alone, ids: [11], seed: 1, epoch: 0)
    let first = drawn.layout.rows(of: 0).map { drawn.row($0)[0] }
    #expect(first == views(drawing, x)[2])
    #expect(views(drawing, x)[0] != views(drawing, x)[1])
  }

  @Test func eachChangeDoesWhatItSays() {
    let x = counting([50])
    let whole = (0..<50).map(Float.init)
    #expect(views(ViewDrawing(), x) == [whole, whole])
    let cut = views(ViewDrawing(pieces: 4), x)[0]
    #expect(cut != whole && cut.sorted() == whole)
    // Pieces of 12 or 13 timesteps stay whole: at most three seams.
    #expect(zip(cut, cut.dropFirst()).count { $1 != $0 + 1 } <= 3)
    let hidden = views(ViewDrawing(mask: 0.2), x)[0]
    let zeros = hidden.indices.filter { hidden[$0] == 0 && whole[$0] != 0 || $0 == 0 && hidden[1] == 0 }
    #expect((9...10).contains(zeros.count) && zeros.last! - zeros.first! == zeros.count - 1, "\(hidden)")
    let scaled = views(ViewDrawing(scaling: 0.3), x)[0]
    #expect(scaled[1] != 1 && (2..<50).allSatisfy { abs(scaled[$0] / scaled[1] - whole[$0]) < 1e-3 }, "\(scaled)")
    let noise = zip(views(ViewDrawing(jitter: 0.5), x)[0], whole).map { $0 - $1 }
    let deviation = (noise.reduce(0) { $0 + $1 * $1 } / 50).squareRoot()
    #expect(deviation > 0.35 && deviation < 0.65, "\(deviation)")
  }
}
