/// The leaves of all lanes that a rank carries, as its threads share them.
struct SharedLeaves {
  let layout: RaggedLayout
  let team: Workers.Team
  /// In canonical order. Alone, a thread has a piece a lane.
  let pieces: [LanePiece]

  /// Calls `body` on each thread, with what gives it one piece after another.
  func run(_ body: (_ next: () -> LanePiece?) -> Void) {
    guard team.threads > 1 else {
      var index = 0
      return body {
        guard index < pieces.count else { return nil }
        index += 1
        return pieces[index - 1]
      }
    }
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
  /// Leaves of a piece, where several threads work: few enough that none waits long for another's last one, and enough that taking
  /// one costs nothing beside it.
  private static let leavesOfPiece = 4

  /// Gives `body` all leaves of the carried lanes, and the threads that share them.
  /// - Parameter chunk: leaves that are visited at once.
  func shareLeaves<R>(chunk: Int = 1, _ body: (SharedLeaves) throws -> R) rethrows -> R {
    try Workers.withTeam(of: .max) { team in
      let most = team.threads == 1 ? .max : chunk * max(1, RaggedLayout.leavesOfPiece / chunk)
      return try body(SharedLeaves(layout: self, team: team, pieces: pieces(of: most)))
    }
  }

  /// Visits the rows of every carried lane, in pieces, on all threads.
  func forEachRows(_ body: (_ rows: Range<Int>) -> Void) {
    shareLeaves { leaves in leaves.forEach { body(rows(of: $0)) } }
  }
}
