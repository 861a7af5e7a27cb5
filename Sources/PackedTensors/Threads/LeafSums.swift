import Synchronization

/// Sums of leaves, formed by whichever thread has them and added to their lanes in canonical order.
///
/// As long as a lane's pieces come one after the other their leaves are added to the lane's sums at once. A piece that
/// comes before its predecessors are done keeps the sums of its leaves, until whoever ends the last of those adds them, or
/// the caller does at the end. Addresses alone, so that a leaf counts no references.
struct LeafSums {
  private let count: Int
  /// `[carried lanes × count]`.
  private let lanes: UnsafeMutablePointer<Double>
  /// Where several threads work.
  private let early: Early?

  /// What comes before its turn.
  private struct Early {
    /// Of each carried lane the piece whose turn it is; while that is being summed, nobody else touches the lane.
    let turn: UnsafeMutablePointer<Atomic<Int>>
    /// Behind the last piece of each carried lane.
    let end: UnsafeMutablePointer<Int>
    /// How many sums of leaves each piece has kept; less than none until it is done.
    let kept: UnsafeMutablePointer<Atomic<Int>>
    /// Where each piece keeps them, counted in floating-point numbers from `sums`.
    let places: UnsafeMutablePointer<Int>
    /// `[leaves of all carried lanes × leavesOfEach × count]`.
    let sums: UnsafeMutablePointer<Double>
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
    let end = UnsafeMutablePointer<Int>.allocate(capacity: shared.layout.carriedLanes)
    let kept = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: shared.pieces.count)
    let places = UnsafeMutablePointer<Int>.allocate(capacity: shared.pieces.count)
    defer {
      turn.deallocate()
      end.deallocate()
      kept.deallocate()
      places.deallocate()
    }
    for piece in shared.pieces {
      (kept + piece.index).initialize(to: Atomic(-1))
      (places + piece.index).initialize(to: piece.leaves.lowerBound * leavesOfEach * count)
      if piece.index == 0 || shared.pieces[piece.index - 1].lane != piece.lane {
        (turn + piece.lane).initialize(to: Atomic(piece.index))
      }
      (end + piece.lane).initialize(to: piece.index + 1)
    }
    return try withExtendedLifetime(memory) {
      let sums = LeafSums(
        count: count, lanes: lanes,
        early: Early(
          turn: turn, end: end, kept: kept, places: places,
          sums: UnsafeMutableRawPointer(memory.base).assumingMemoryBound(to: Double.self)))
      let result = try body(sums)
      for piece in shared.pieces where turn[piece.lane].load(ordering: .relaxed) == piece.index {
        sums.addKept(from: piece.index, lane: piece.lane)
      }
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
      sums: isEarly ? early!.sums + early!.places[piece.index] : lanes + piece.lane * count)
  }

  /// Ends the piece of a place.
  func end(_ place: Place) {
    guard let early else { return }
    if place.addsToLane { return addKept(from: place.piece + 1, lane: place.lane) }
    early.kept[place.piece].store(place.kept, ordering: .releasing)
    // Its turn may have come meanwhile; then nobody else waits for it.
    if early.turn[place.lane].load(ordering: .acquiring) == place.piece { addKept(from: place.piece, lane: place.lane) }
  }

  /// Adds what pieces from `piece`, whose turn it is, have kept, up to one that is not done: then it is that one's turn.
  private func addKept(from piece: Int, lane: Int) {
    guard let early else { return }
    var piece = piece
    while piece < early.end[lane] {
      let leaves = early.kept[piece].load(ordering: .acquiring)
      if leaves < 0 { break }
      let to = lanes + lane * count
      var leaf = early.sums + early.places[piece]
      for _ in 0..<leaves {
        for index in 0..<count { to[index] += leaf[index] }
        leaf += count
      }
      piece += 1
    }
    early.turn[lane].store(piece, ordering: .releasing)
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
