import Synchronization

/// Sums of leaves, formed by whichever thread has them and added to their lanes in canonical order.
///
/// As long as a lane's pieces come one after the other their leaves are added to the lane's sums at once. A piece that
/// comes before its predecessors are done keeps the sums of its leaves, and so do those behind it; they are added at the
/// end. Addresses alone, so that a leaf counts no references.
struct LeafSums {
  private let count: Int
  /// `[carried lanes × count]`.
  private let lanes: UnsafeMutablePointer<Double>
  /// Where several threads work.
  private let early: Early?

  /// What comes before its turn.
  private struct Early {
    /// Of each carried lane the piece whose turn it is.
    let turn: UnsafeMutablePointer<Atomic<Int>>
    /// How many sums of leaves each piece has kept.
    let kept: UnsafeMutablePointer<Int>
    /// `[leaves of all carried lanes × leavesOfEach × count]`.
    let sums: UnsafeMutablePointer<Double>
    let leavesOfEach: Int

    /// Where the sums of a piece are kept.
    func place(_ piece: LanePiece, _ count: Int) -> UnsafeMutablePointer<Double> {
      sums + piece.leaves.lowerBound * leavesOfEach * count
    }
  }

  /// Gives `body` the sums of lanes for as long as it runs.
  /// - Parameters:
  ///   - leavesOfEach: how many leaves are summed, at most, to one that is shared.
  ///   - lanes: `[carried lanes × count]`.
  static func with<R>(
    _ shared: SharedLeaves, leavesOfEach: Int, count: Int, lanes: UnsafeMutablePointer<Double>,
    _ body: (LeafSums) throws -> R
  ) rethrows -> R {
    guard shared.team.threads > 1, let last = shared.pieces.last else {
      return try body(LeafSums(count: count, lanes: lanes, early: nil))
    }
    let memory = StoragePool.shared.lease(2 * leavesOfEach * last.leaves.upperBound * count)
    let turn = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: shared.layout.carriedLanes)
    // A lane's first piece is written last. That of an empty lane is nobody's.
    for piece in shared.pieces.reversed() { (turn + piece.lane).initialize(to: Atomic(piece.index)) }
    let kept = UnsafeMutablePointer<Int>.allocate(capacity: shared.pieces.count)
    kept.initialize(repeating: 0, count: shared.pieces.count)
    defer {
      turn.deallocate()
      kept.deallocate()
    }
    return try withExtendedLifetime(memory) {
      let sums = LeafSums(
        count: count, lanes: lanes,
        early: Early(
          turn: turn, kept: kept,
          sums: UnsafeMutableRawPointer(memory.base).assumingMemoryBound(to: Double.self), leavesOfEach: leavesOfEach))
      let result = try body(sums)
      for piece in shared.pieces { sums.addKept(piece) }
      return result
    }
  }

  /// The sums of one piece, while one thread forms them. After its last leaf comes ``LeafSums/end(_:)``.
  struct Place {
    fileprivate let lane, piece: Int
    fileprivate let count: Int
    /// Whether leaves are added to the lane at once.
    fileprivate let addsToLane: Bool
    fileprivate var sums: UnsafeMutablePointer<Double>
    fileprivate var kept = 0

    /// Adds the sums of rows, the first of which begins a leaf.
    /// - Parameter sum: adds the leaves of the rows that it is given, one after the other, to `count` sums: of all rows,
    ///   or of one leaf after another.
    @inline(__always)
    mutating func add(rows: Int, _ sum: (_ rows: Range<Int>, UnsafeMutablePointer<Double>) -> Void) {
      if addsToLane { return sum(0..<rows, sums) }
      (0..<rows).forEachLeaf {
        sums.update(repeating: 0, count: count)
        sum($0, sums)
        sums += count
        kept += 1
      }
    }
  }

  /// Where the sums of a piece go.
  func begin(_ piece: LanePiece) -> Place {
    let isEarly = early.map { $0.turn[piece.lane].load(ordering: .acquiring) != piece.index } ?? false
    return Place(
      lane: piece.lane, piece: piece.index, count: count, addsToLane: !isEarly,
      sums: isEarly ? early!.place(piece, count) : lanes + piece.lane * count)
  }

  /// Ends the piece of a place.
  func end(_ place: Place) {
    guard let early else { return }
    if place.addsToLane {
      early.turn[place.lane].store(place.piece + 1, ordering: .releasing)
    } else {
      early.kept[place.piece] = place.kept
    }
  }

  private func addKept(_ piece: LanePiece) {
    guard let early else { return }
    let lane = lanes + piece.lane * count
    var leaf = early.place(piece, count)
    for _ in 0..<early.kept[piece.index] {
      for index in 0..<count { lane[index] += leaf[index] }
      leaf += count
    }
  }
}

extension LaneSums {
  /// Gives the lanes' sums to `body`, to be added to by the threads that share `leaves`.
  /// - Parameter leavesOfEach: how many leaves are summed, at most, to one that is shared.
  mutating func withLeaves<R>(
    _ leaves: SharedLeaves, leavesOfEach: Int = 1, _ body: (LeafSums) throws -> R
  ) rethrows -> R {
    let count = count
    return try values.withUnsafeMutableBufferPointer { buffer in
      // An empty one has no address; nothing will be written there.
      let lanes = buffer.baseAddress ?? UnsafeMutablePointer(bitPattern: 8)!
      return try LeafSums.with(leaves, leavesOfEach: leavesOfEach, count: count, lanes: lanes, body)
    }
  }
}
