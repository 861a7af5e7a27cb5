/// Leaves of the canonical sum: blocks of ``KernelSizes/leaf`` timesteps counted from a sequence's start, the last one with what
/// is left.
extension RaggedLayout {
  /// Visits every leaf in canonical order: carried lane, then sequence, then block.
  /// - Parameter body: given the carried lane, the sequence, and the leaf's rows counted from the sequence's start.
  @inline(__always)
  public func forEachLeaf(_ body: (_ lane: Int, _ sequence: Int, _ rows: Range<Int>) throws -> Void) rethrows {
    for lane in 0..<carriedLanes { try forEachLeaf(ofLane: lane) { try body(lane, $0, $1) } }
  }

  /// Visits every leaf of one carried lane in canonical order.
  @inline(__always)
  func forEachLeaf(ofLane lane: Int, _ body: (_ sequence: Int, _ rows: Range<Int>) throws -> Void) rethrows {
    for sequence in sequences(ofLane: lane) {
      try (0..<length(of: sequence)).forEachLeaf { try body(sequence, $0) }
    }
  }
}

extension Range<Int> {
  /// Visits the leaves of rows, the first of which begins one.
  @inline(__always)
  func forEachLeaf(_ body: (Range<Int>) throws -> Void) rethrows { try forEachChunk(of: 1, body) }

  /// Visits rows, the first of which begins a leaf, `leaves` leaves at once.
  @inline(__always)
  func forEachChunk(of leaves: Int, _ body: (Range<Int>) throws -> Void) rethrows {
    var first = lowerBound
    while first < upperBound {
      let last = Swift.min(first + leaves * KernelSizes.leaf, upperBound)
      try body(first..<last)
      first = last
    }
  }
}
