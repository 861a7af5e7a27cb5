import Synchronization

/// Sums of leaves, formed by whichever thread has them and added to their lanes in canonical order.
///
/// As long as a lane's pieces come one after the other they are added to the lane's sums at once. A piece that comes before its
/// predecessors are done keeps the sums of its leaves, and so do those behind it; they are added at the end. Addresses
/// alone, so that a leaf counts no references.
struct LeafSums {
  private let count: Int
  private let lanes: UnsafeMutablePointer<Double>
  /// Where threads help each other.
  private let pieces: Pieces?

  private struct Pieces {
    /// Of each lane the piece that may add to its sums.
    let next: UnsafeMutablePointer<Atomic<Int>>
    /// How many leaves each piece has kept.
    let kept: UnsafeMutablePointer<Int>
    /// Their sums: a place for each leaf of all lanes.
    let leaves: UnsafeMutablePointer<Double>
    /// Leaves summed of one that is shared.
    let factor: Int
  }

  /// Gives `body` the sums of lanes for as long as it runs.
  /// - Parameters:
  ///   - factor: how many leaves are summed, at most, of one that is shared.
  ///   - lanes: `count` sums of each carried lane.
  static func with<R>(
    _ shared: SharedLeaves, factor: Int, count: Int, lanes: UnsafeMutablePointer<Double>,
    _ body: (LeafSums) throws -> R
  ) rethrows -> R {
    guard shared.team.threads > 1, let last = shared.pieces.last else {
      return try body(LeafSums(count: count, lanes: lanes, pieces: nil))
    }
    let carried = shared.layout.carriedLanes
    let leaves = StoragePool.shared.lease(2 * factor * last.leaves.upperBound * count, growsWithTimesteps: true)
    let next = UnsafeMutablePointer<Atomic<Int>>.allocate(capacity: carried)
    for piece in shared.pieces.reversed() { (next + piece.lane).initialize(to: Atomic(piece.index)) }
    let kept = UnsafeMutablePointer<Int>.allocate(capacity: shared.pieces.count)
    kept.initialize(repeating: 0, count: shared.pieces.count)
    defer {
      next.deallocate()
      kept.deallocate()
    }
    return try withExtendedLifetime(leaves) {
      let sums = LeafSums(
        count: count, lanes: lanes,
        pieces: Pieces(
          next: next, kept: kept,
          leaves: UnsafeMutableRawPointer(leaves.base).assumingMemoryBound(to: Double.self), factor: factor))
      let result = try body(sums)
      for piece in shared.pieces { sums.addKept(piece) }
      return result
    }
  }

  /// The sums of one piece, while one thread forms them.
  struct Place {
    fileprivate let piece: (lane: Int, index: Int)
    fileprivate var sums: UnsafeMutablePointer<Double>
    fileprivate let count: Int
    fileprivate let isLane: Bool
    fileprivate var leaves = 0

    /// Adds the sums of rows, the first of which begins a leaf.
    /// - Parameter sum: adds those of some rows, leaf by leaf, to where they belong.
    @inline(__always)
    mutating func add(rows: Int, _ sum: (_ rows: Range<Int>, UnsafeMutablePointer<Double>) -> Void) {
      if isLane { return sum(0..<rows, sums) }
      (0..<rows).forEachLeaf {
        sums.update(repeating: 0, count: count)
        sum($0, sums)
        sums += count
        leaves += 1
      }
    }
  }

  /// Where the sums of a piece go. After its last leaf comes ``end(_:)``.
  func begin(_ piece: LanePiece) -> Place {
    let of = (piece.lane, piece.index)
    let lane = Place(piece: of, sums: lanes + piece.lane * count, count: count, isLane: true)
    guard let pieces, pieces.next[piece.lane].load(ordering: .acquiring) != piece.index else { return lane }
    let own = pieces.leaves + piece.leaves.lowerBound * pieces.factor * count
    return Place(piece: of, sums: own, count: count, isLane: false)
  }

  /// Ends the piece of a place.
  func end(_ place: Place) {
    guard let pieces else { return }
    if place.isLane {
      pieces.next[place.piece.lane].store(place.piece.index + 1, ordering: .releasing)
    } else {
      pieces.kept[place.piece.index] = place.leaves
    }
  }

  private func addKept(_ piece: LanePiece) {
    guard let pieces else { return }
    let lane = lanes + piece.lane * count
    var leaf = pieces.leaves + piece.leaves.lowerBound * pieces.factor * count
    for _ in 0..<pieces.kept[piece.index] {
      for index in 0..<count { lane[index] += leaf[index] }
      leaf += count
    }
  }
}

extension LaneSums {
  /// Gives the lanes' sums to `body`, to be added to by the threads that share `leaves`.
  /// - Parameter factor: how many leaves are summed, at most, of one that is shared.
  mutating func withLeaves<R>(
    _ leaves: SharedLeaves, factor: Int = 1, _ body: (LeafSums) throws -> R
  ) rethrows -> R {
    let count = count
    return try values.withUnsafeMutableBufferPointer { buffer in
      // An empty one has no address; nothing will be written there.
      let lanes = buffer.baseAddress ?? UnsafeMutablePointer(bitPattern: 8)!
      return try LeafSums.with(leaves, factor: factor, count: count, lanes: lanes, body)
    }
  }
}
