import Synchronization

/// Sums of leaves, formed by whichever thread has them and added to their lanes in canonical order.
///
/// As long as a lane's pieces come one after the other their leaves are added to the lane's sums at once. A piece that
/// comes before its predecessors are done keeps the sums of its leaves, until whoever ends the last of those adds them.
/// Addresses alone, so that a leaf counts no references.
struct LeafSums {
  private let count: Int
  /// `[carried lanes × count]`.
  private let lanes: UnsafeMutablePointer<Double>
  /// Where several threads work.
  private let early: Early?

  /// What comes before its turn.
  private struct Early {
    /// Of each piece how many sums of leaves it has kept; before it is done, one of ``State``.
    let kept: UnsafeMutablePointer<Atomic<Int>>
    /// Where each piece keeps them, counted in floating-point numbers from `sums`.
    let places: UnsafeMutablePointer<Int>
    /// Behind the last piece of each piece's lane.
    let ends: UnsafeMutablePointer<Int>
    /// `[leaves of all carried lanes × leavesOfEach × count]`.
    let sums: UnsafeMutablePointer<Double>
  }

  private enum State {
    /// Neither the piece nor all before it in its lane are done.
    static let waits = -1
    /// All before it are done and added: only its thread touches the lane's sums.
    static let hasItsTurn = -2
  }

  /// Gives `body` the sums of lanes for as long as it runs, which must end every piece.
  /// - Parameters:
  ///   - leavesOfEach: how many leaves are summed, at most, to one that is shared.
  ///   - lanes: `[carried lanes × count]`.
  static func with<R>(
    _ shared: SharedLeaves, leavesOfEach: Int, count: Int, lanes: UnsafeMutablePointer<Double>,
    _ body: (LeafSums) throws -> R
  ) rethrows -> R {
    let pieces = shared.pieces
    guard shared.team.threads > 1, let last = pieces.last else {
      return try body(LeafSums(count: count, lanes: lanes, early: nil))
    }
    let floats = 2 * leavesOfEach * last.leaves.upperBound * count
    let memory = StoragePool.shared.lease(floats, growsWithTimesteps: true)
    let kept = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: pieces.count)
    let places = UnsafeMutablePointer<Int>.allocate(capacity: pieces.count)
    let ends = UnsafeMutablePointer<Int>.allocate(capacity: pieces.count)
    defer {
      kept.deinitialize(count: pieces.count)
      kept.deallocate()
      places.deallocate()
      ends.deallocate()
    }
    var end = pieces.count
    for piece in pieces.reversed() {
      let isFirst = piece.index == 0 || pieces[piece.index - 1].lane != piece.lane
      (kept + piece.index).initialize(to: Atomic(isFirst ? State.hasItsTurn : State.waits))
      places[piece.index] = piece.leaves.lowerBound * leavesOfEach * count
      ends[piece.index] = end
      if isFirst { end = piece.index }
    }
    return try withExtendedLifetime(memory) {
      let sums = UnsafeMutableRawPointer(memory.base).bindMemory(to: Double.self, capacity: floats / 2)
      defer { UnsafeMutableRawPointer(memory.base).bindMemory(to: Float.self, capacity: floats) }
      return try body(
        LeafSums(count: count, lanes: lanes, early: Early(kept: kept, places: places, ends: ends, sums: sums)))
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
    let isEarly = early.map { $0.kept[piece.index].load(ordering: .acquiring) != State.hasItsTurn } ?? false
    return Place(
      lane: piece.lane, piece: piece.index, count: count, addsToLane: !isEarly,
      sums: isEarly ? early!.sums + early!.places[piece.index] : lanes + piece.lane * count)
  }

  /// Ends the piece of a place.
  func end(_ place: Place) {
    guard let early else { return }
    if place.addsToLane { return addKept(from: place.piece + 1, to: place.lane, before: early.ends[place.piece]) }
    // Its turn may have come meanwhile.
    if early.kept[place.piece].exchange(place.kept, ordering: .acquiringAndReleasing) == State.hasItsTurn {
      addKept(from: place.piece, to: place.lane, before: early.ends[place.piece])
    }
  }

  /// Adds what pieces from `first` on have kept; the first that is not done has its turn then.
  private func addKept(from first: Int, to lane: Int, before end: Int) {
    guard let early else { return }
    let lane = lanes + lane * count
    for piece in first..<end {
      let (waits, leaves) = early.kept[piece].compareExchange(
        expected: State.waits, desired: State.hasItsTurn, ordering: .acquiringAndReleasing)
      if waits { return }
      var leaf = early.sums + early.places[piece]
      for _ in 0..<leaves {
        for index in 0..<count { lane[index] += leaf[index] }
        leaf += count
      }
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
