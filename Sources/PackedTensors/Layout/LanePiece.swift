/// Leaves of one carried lane that lie together.
struct LanePiece {
  /// Its place among the pieces of all lanes.
  let index: Int
  /// The carried lane.
  let lane: Int
  /// The sequence in which it begins, and the row, counted from that sequence's start: a leaf's first.
  let start: (sequence: Int, row: Int)
  /// The sequence in which it ends, and the row behind its last one.
  let end: (sequence: Int, row: Int)
  /// Its leaves' numbers among those of all carried lanes.
  let leaves: Range<Int>
}

extension RaggedLayout {
  /// The leaves of all carried lanes, lane after lane: pieces of `most` leaves, a lane's last one with what is left. An
  /// empty lane has none.
  func pieces(of most: Int) -> [LanePiece] {
    var pieces: [LanePiece] = []
    var leaf = 0
    typealias Border = (sequence: Int, row: Int)
    func add(_ lane: Int, from start: Border, to end: Border, _ leaves: Range<Int>) {
      pieces.append(LanePiece(index: pieces.count, lane: lane, start: start, end: end, leaves: leaves))
    }
    for lane in 0..<carriedLanes {
      let sequences = sequences(ofLane: lane)
      var (start, first) = ((sequence: sequences.lowerBound, row: 0), leaf)
      for sequence in sequences {
        let length = length(of: sequence)
        var row = 0
        while row < length {
          let taken = min(most - (leaf - first), (length - row + KernelSizes.leaf - 1) / KernelSizes.leaf)
          leaf += taken
          row = min(length, row + taken * KernelSizes.leaf)
          guard leaf - first == most else { continue }
          add(lane, from: start, to: (sequence, row), first..<leaf)
          (start, first) = (row < length ? (sequence, row) : (sequence + 1, 0), leaf)
        }
      }
      if let last = sequences.last, leaf > first {
        add(lane, from: start, to: (last, length(of: last)), first..<leaf)
      }
    }
    return pieces
  }

  /// The rows of a piece, which lie together.
  func rows(of piece: LanePiece) -> Range<Int> {
    offsets[piece.start.sequence] + piece.start.row..<offsets[piece.end.sequence] + piece.end.row
  }

  /// Visits a piece in canonical order, `leaves` leaves of a sequence at once, the last time what is left.
  /// - Parameter body: given the sequence, and rows counted from the sequence's start.
  @inline(__always)
  func forEachChunk(of leaves: Int, in piece: LanePiece, _ body: (_ sequence: Int, _ rows: Range<Int>) -> Void) {
    for sequence in piece.start.sequence...piece.end.sequence {
      let first = sequence == piece.start.sequence ? piece.start.row : 0
      let last = sequence == piece.end.sequence ? piece.end.row : length(of: sequence)
      (first..<last).forEachChunk(of: leaves) { body(sequence, $0) }
    }
  }

  /// Visits the leaves of a piece in canonical order.
  @inline(__always)
  func forEachLeaf(in piece: LanePiece, _ body: (_ sequence: Int, _ rows: Range<Int>) -> Void) {
    forEachChunk(of: 1, in: piece, body)
  }
}
