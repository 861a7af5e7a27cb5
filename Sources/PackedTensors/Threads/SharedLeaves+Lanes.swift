extension SharedLeaves {
  /// Of a thread's share of all work as much as it begins with, at most; the rest is for whoever comes to it. More would leave
  /// nothing to take from a thread that others have slowed down, less would form more gradients twice (``forEachLane``).
  private static let firstPart = 0.9

  /// Forms a sum of each carried lane, from leaf to leaf in canonical order, and besides it what the same leaves have to
  /// give and no order binds.
  ///
  /// A lane's sum is formed by one thread. That thread does what is free as well, for the lane's first pieces, since both read the
  /// same rows; free work that is left when all lanes are taken is everybody's. So threads may be more than
  /// lanes, and a lane may be half of a step.
  /// - Parameters:
  ///   - hasFree: whether there is anything besides the sums.
  ///   - together: whether it is cheaper together with them.
  ///   - elements: floats of a lane's sum.
  ///   - ordered: forms the sum of a lane's pieces, and does what is free for the first of them, as many as it is told.
  ///   - free: does what is free for the pieces that it is given one after another.
  ///   - finish: given each lane's sum in lane order. The memory is used again after it returns.
  func forEachLane(
    hasFree: Bool, together: Bool, elements: Int,
    ordered: (_ pieces: ArraySlice<LanePiece>, _ together: Int, UnsafeMutablePointer<Float>) -> Void,
    free: (_ next: () -> LanePiece?) -> Void,
    finish: (_ lane: Int, UnsafeMutablePointer<Float>) throws -> Void
  ) rethrows {
    let lanes = piecesOfLanes
    guard team.threads > 1 else {
      let memory = StoragePool.shared.lease(elements)
      for (lane, pieces) in lanes.enumerated() {
        ordered(pieces, hasFree && together ? pieces.count : 0, memory.base)
        if hasFree && !together {
          var left = pieces
          free { left.popFirst() }
        }
        try finish(lane, memory.base)
      }
      return
    }
    let memory = lanes.map { _ in StoragePool.shared.lease(elements) }
    let done = hasFree && together ? piecesTogether(lanes) : lanes.map { _ in 0 }
    let left = hasFree ? zip(lanes, done).flatMap { $0.dropFirst($1) } : []
    let (sharedLanes, shared) = (
      SharedPieces(lanes.count, among: team.threads), SharedPieces(left.count, among: team.threads)
    )
    team.run { thread in
      while let lane = sharedLanes.next(for: thread) { ordered(lanes[lane], done[lane], memory[lane].base) }
      if !left.isEmpty { free { shared.next(for: thread).map { left[$0] } } }
    }
    for lane in lanes.indices { try finish(lane, memory[lane].base) }
  }

  /// The pieces of each carried lane.
  private var piecesOfLanes: [ArraySlice<LanePiece>] {
    var end = 0
    return (0..<layout.carriedLanes).map { lane in
      let first = end
      while end < pieces.count && pieces[end].lane == lane { end += 1 }
      return pieces[first..<end]
    }
  }

  /// How many of each lane's pieces its thread does both for, where the sum and the rest take a leaf as long.
  private func piecesTogether(_ lanes: [ArraySlice<LanePiece>]) -> [Int] {
    let all = pieces.last.map { Double($0.leaves.upperBound) } ?? 0
    var together: [Int] = []
    for thread in 0..<team.threads {
      let own = lanes[thread * lanes.count / team.threads..<(thread + 1) * lanes.count / team.threads]
      let sums = own.joined().reduce(0) { $0 + $1.leaves.count }
      var budget = SharedLeaves.firstPart * 2 * all / Double(team.threads) - Double(sums)
      for pieces in own {
        let taken = pieces.prefix {
          budget -= Double($0.leaves.count)
          return budget >= 0
        }
        together.append(taken.count)
      }
    }
    return together
  }
}
