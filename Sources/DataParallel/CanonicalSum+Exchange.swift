import MessagePassing
import PackedTensors
import Tracing

extension CanonicalSum {
  /// The ranks' own exchange: row 0 becomes the sum of all nodes of all ranks in tree order.
  func exchange<Element: SummedElement>(
    _ rows: UnsafeMutablePointer<Element>, count: Int, stride: Int
  ) throws(MPIError) {
    let nodes = nodesOfAllRanks.joined().count
    let bytes = count * MemoryLayout<Element>.stride
    communicator.activity.timeline.ifOn?.reduces(bytes: bytes)
    if CanonicalSum.isGatheredWhole(nodes: nodes, count: count, bytes: bytes, ranks: communicator.size) {
      try exchangeWhole(rows, count: count, stride: stride)
    } else {
      try exchangeSlices(rows, count: count, stride: stride)
    }
  }

  /// Every rank gathers the rows of all nodes and adds them up. Bytes received: all nodes × count.
  private func exchangeWhole<Element: SummedElement>(
    _ rows: UnsafeMutablePointer<Element>, count: Int, stride: Int
  ) throws(MPIError) {
    let all = Array(nodesOfAllRanks.joined())
    let own = nodes.count * count
    let received = all.count * count
    let room = scratch.room(for: own + received, of: Element.self)
    for row in nodes.indices { (room + row * count).initialize(from: rows + row * stride, count: count) }
    try communicator.allGather(
      UnsafeBufferPointer(start: room, count: own),
      into: UnsafeMutableBufferPointer(start: room + own, count: received),
      counts: nodesOfAllRanks.map { $0.count * count })
    TreeFold.fold(room + own, nodes: all, count: count, stride: count)
    rows.update(from: room + own, count: count)
  }

  /// Rank s owns slice s: it receives that slice of every node's row, adds them up, and sends the sum to all.
  /// Bytes received: all nodes × count / ranks, and count.
  private func exchangeSlices<Element: SummedElement>(
    _ rows: UnsafeMutablePointer<Element>, count: Int, stride: Int
  ) throws(MPIError) {
    let ranks = communicator.size
    let slices = (0..<ranks).map { $0 * count / ranks..<($0 + 1) * count / ranks }
    let slice = slices[communicator.rank]
    let all = Array(nodesOfAllRanks.joined())
    let sent = nodes.count * count
    let received = all.count * slice.count
    let room = scratch.room(for: sent + received, of: Element.self)
    var packed = 0
    for slice in slices {
      for row in nodes.indices {
        (room + packed).initialize(from: rows + row * stride + slice.lowerBound, count: slice.count)
        packed += slice.count
      }
    }
    try communicator.allToAll(
      UnsafeBufferPointer(start: room, count: sent), counts: slices.map { $0.count * nodes.count },
      into: UnsafeMutableBufferPointer(start: room + sent, count: received),
      counts: nodesOfAllRanks.map { $0.count * slice.count })
    TreeFold.fold(room + sent, nodes: all, count: slice.count, stride: slice.count)
    try communicator.allGather(
      UnsafeBufferPointer(start: room + sent, count: slice.count),
      into: UnsafeMutableBufferPointer(start: rows, count: count), counts: slices.map(\.count))
  }
}
