/// The leaves of all lanes that a rank carries, as its threads share them.
struct SharedLeaves {
  let layout: RaggedLayout
  let team: Workers.Team
  /// In canonical order.
  let pieces: [LanePiece]

  /// Calls `body` on each thread, with what gives it one piece after another.
  func run(_ body: (_ next: () -> LanePiece?) -> Void) {
    let shared = SharedPieces(pieces.count, among: team.threads)
    team.run { thread in body { shared.next(for: thread).map { pieces[$0] } } }
  }

  /// Visits every piece, on all threads.
  func forEach(_ body: (LanePiece) -> Void) {
    run { next in
      while let piece = next() { body(piece) }
    }
  }
}

extension RaggedLayout {
  /// Leaves of a piece, where several threads work: few enough that none waits long for another's last one, and enough
  /// that taking one costs nothing beside it.
  private static let leavesOfPiece = 4

  /// Gives `body` all leaves of the carried lanes, and the threads that share them, no more than there are pieces. Where
  /// one thread computes a lane is a piece.
  /// - Parameter chunk: leaves that are visited at once.
  func shareLeaves<R>(chunk: Int = 1, _ body: (SharedLeaves) throws -> R) rethrows -> R {
    let pieces = pieces(of: Workers.count == 1 ? .max : chunk * max(1, RaggedLayout.leavesOfPiece / chunk))
    return try Workers.withTeam(of: pieces.count) { team in
      try body(SharedLeaves(layout: self, team: team, pieces: pieces))
    }
  }

  /// Visits the rows of every carried lane, in pieces, on all threads.
  func forEachRows(_ body: (_ rows: Range<Int>) -> Void) {
    shareLeaves { leaves in leaves.forEach { body(rows(of: $0)) } }
  }

  /// Forms a sum of each carried lane, from leaf to leaf in canonical order, each on one thread, and gives it to `finish`
  /// in lane order. The memory is used again after that returns.
  /// - Parameters:
  ///   - elements: floats of a sum.
  ///   - sum: forms the sum of a lane's pieces; an empty lane has none.
  func forEachLane(
    elements: Int, sum: (_ pieces: ArraySlice<LanePiece>, UnsafeMutablePointer<Float>) -> Void,
    finish: (_ lane: Int, UnsafeMutablePointer<Float>) throws -> Void
  ) rethrows {
    try shareLeaves(chunk: .max) { lanes in
      try lanes.forEachLane(
        unordered: .none, elements: elements, sum: { pieces, _, memory in sum(pieces, memory) }, rest: { _ in },
        finish: finish)
    }
  }
}
