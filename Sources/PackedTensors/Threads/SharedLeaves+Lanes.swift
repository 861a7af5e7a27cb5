/// What there is to do with the leaves of a lane beside a sum that goes through them in order.
enum UnorderedWork {
  case none
  /// What is best done after the sum.
  case apart
  /// What reads the same rows, and so is best done with the sum.
  case together
}

extension SharedLeaves {
  /// Of a thread's share of all work as much as it begins with, at most; the rest is for whoever comes to it. More would
  /// leave nothing to take from a thread that others have slowed down, less would read more rows twice (decision 0010).
  private static let firstPart = 0.9

  /// Forms a sum of each carried lane, from leaf to leaf in canonical order, and does beside it what the same leaves have
  /// to be done and no order binds.
  ///
  /// A lane's sum is formed by one thread, which does the unordered work of the lane's first pieces as well. What is left
  /// when all lanes are taken is everybody's. So there may be more threads than lanes, and a lane may be half of a step.
  /// - Parameters:
  ///   - elements: floats of a lane's sum.
  ///   - sum: forms the sum of a lane's pieces, and does the unordered work of the first `together` of them.
  ///   - rest: does the unordered work of the pieces that it is given one after another.
  ///   - finish: given each lane's sum in lane order. The memory is used again after it returns.
  func forEachLane(
    unordered: UnorderedWork, elements: Int,
    sum: (_ pieces: ArraySlice<LanePiece>, _ together: Int, UnsafeMutablePointer<Float>) -> Void,
    rest: (_ next: () -> LanePiece?) -> Void,
    finish: (_ lane: Int, UnsafeMutablePointer<Float>) throws -> Void
  ) rethrows {
    let lanes = piecesOfLanes
    let together = unordered == .together ? piecesTogether(lanes) : lanes.map { _ in 0 }
    let left = unordered == .none ? [] : zip(lanes, together).map { $0.dropFirst($1) }
    guard team.threads > 1 else {
      let memory = StoragePool.shared.lease(elements)
      for (lane, pieces) in lanes.enumerated() {
        sum(pieces, together[lane], memory.base)
        if unordered != .none, var left = Optional(left[lane]), !left.isEmpty { rest { left.popFirst() } }
        try finish(lane, memory.base)
      }
      return
    }
    let memory = lanes.map { _ in StoragePool.shared.lease(elements) }
    let all = Array(left.joined())
    let (sharedLanes, shared) = (
      SharedPieces(lanes.count, among: team.threads), SharedPieces(all.count, among: team.threads)
    )
    team.run { thread in
      while let lane = sharedLanes.next(for: thread) { sum(lanes[lane], together[lane], memory[lane].base) }
      guard let first = shared.next(for: thread) else { return }
      var next = Optional(first)
      rest {
        defer { next = nil }
        return (next ?? shared.next(for: thread)).map { all[$0] }
      }
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

  /// Of how many of each lane's pieces its thread does the unordered work as well, where that takes a leaf as long as the
  /// sum: all where one thread works.
  private func piecesTogether(_ lanes: [ArraySlice<LanePiece>]) -> [Int] {
    if team.threads == 1 { return lanes.map(\.count) }
    let share = 2 * Double(pieces.last?.leaves.upperBound ?? 0) / Double(team.threads)
    return (0..<team.threads).flatMap { thread in
      let own = lanes[SharedPieces.part(of: lanes.count, for: thread, among: team.threads)]
      let sums = own.joined().reduce(0) { $0 + $1.leaves.count }
      var left = SharedLeaves.firstPart * share - Double(sums)
      return own.map { pieces in
        pieces.prefix {
          left -= Double($0.leaves.count)
          return left >= 0
        }.count
      }
    }
  }
}
