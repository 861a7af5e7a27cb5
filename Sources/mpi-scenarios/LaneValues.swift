import DataParallel
import PackedTensors

/// Rows of lanes for sums: awkward numbers that depend on the lane, and what their tree gives.
///
/// The numbers repeat after a prime count of elements, so that the tree of any length is that of the first few.
struct LaneValues<Element: SummedElement> {
  /// Numbers repeat after so many elements.
  private static var period: Int { 4093 }
  let lanes: Int
  /// Lanes that hold nothing: their rows are +0.
  let empty: Set<Int>

  init(lanes: Int, empty: Set<Int> = []) {
    self.lanes = lanes
    self.empty = empty
  }

  /// Fills a row with a lane's numbers.
  func fill(_ row: UnsafeMutablePointer<Element>, count: Int, lane: Int, salt: Int = 0) {
    if empty.contains(lane) {
      Element.clear(row, count: count)
      return
    }
    let first = min(count, Self.period)
    Element.fillAwkwardly(row, count: first, first: 0, rank: lane + 1000 * salt)
    var filled = first
    while filled < count {
      let piece = min(Self.period, count - filled)
      (row + filled).update(from: row, count: piece)
      filled += piece
    }
  }

  /// The rows of `nodes`, each folded from its lanes as a rank would, at distance `stride`.
  func fill(
    _ rows: UnsafeMutablePointer<Element>, nodes: [LaneTree.Node], count: Int, stride: Int, salt: Int = 0
  ) {
    for (index, node) in nodes.enumerated() {
      let room = UnsafeMutablePointer<Element>.allocate(capacity: node.count * count)
      defer { room.deallocate() }
      for lane in node.lanes { fill(room + (lane - node.first) * count, count: count, lane: lane, salt: salt) }
      TreeFold.fold(room, nodes: TreeFold.leaves(node.lanes), count: count, stride: count)
      (rows + index * stride).update(from: room, count: count)
    }
  }

  /// The first index at which `row` differs from the tree over all lanes, formed here.
  func firstDifference(_ row: UnsafePointer<Element>, count: Int, salt: Int = 0) -> Int? {
    let period = min(count, Self.period)
    let tree = UnsafeMutablePointer<Element>.allocate(capacity: period)
    defer { tree.deallocate() }
    fill(tree, nodes: [LaneTree.Node(first: 0, count: lanes)], count: period, stride: period, salt: salt)
    for start in stride(from: 0, to: count, by: period) {
      let tile = min(period, count - start)
      if let index = Element.firstDifference(tree, row + start, count: tile) { return start + index }
    }
    return nil
  }
}

/// A number for the bits of a buffer, to compare runs by: FNV-1a over 32-bit words.
func digest<Element: SummedElement>(_ values: UnsafePointer<Element>, count: Int) -> String {
  let words = count * MemoryLayout<Element>.stride / MemoryLayout<UInt32>.stride
  let hash = UnsafeRawPointer(values).withMemoryRebound(to: UInt32.self, capacity: words) { words32 in
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for index in 0..<words { hash = (hash ^ UInt64(words32[index])) &* 0x0000_0100_0000_01B3 }
    return hash
  }
  return String(hash, radix: 16)
}
