import CMPI

extension Communicator {
  /// Replaces `buffer` on every rank by the one of rank `root`. All ranks give the same count.
  public func broadcast<Element: MPIElement>(
    _ buffer: UnsafeMutableBufferPointer<Element>, from root: Int = 0
  ) throws(MPIError) {
    guard size > 1, let base = buffer.baseAddress else { return }
    try inPieces(buffer.count) { piece throws(MPIError) in
      try activity.collective("MPI_Bcast") {
        MPI_Bcast(base + piece.lowerBound, int32(piece.count), Element.elementKind.datatype, int32(root), handle)
      }
    }
  }

  /// Rank `root`'s values, on every rank. The other ranks' argument is not looked at, not even its count.
  public func broadcast<Element: MPIElement>(_ values: [Element], from root: Int = 0) throws(MPIError) -> [Element] {
    guard size > 1 else { return values }
    var count = [Int64(values.count)]
    try count.withUnsafeMutableBufferPointer { buffer throws(MPIError) in try broadcast(buffer, from: root) }
    var result = rank == root ? values : [Element](repeating: Communicator.zero(), count: Int(count[0]))
    try result.withUnsafeMutableBufferPointer { buffer throws(MPIError) in try broadcast(buffer, from: root) }
    return result
  }

  /// Rank `root`'s text, on every rank. The other ranks' argument is not looked at.
  public func broadcast(_ text: String, from root: Int = 0) throws(MPIError) -> String {
    String(decoding: try broadcast(Array(text.utf8), from: root), as: UTF8.self)
  }

  /// Every rank's elements on every rank: `receive` is filled with rank 0's, then rank 1's, and so on.
  /// - Parameters:
  ///   - send: this rank's `counts[rank]` elements.
  ///   - receive: room for the sum of all counts; does not overlap `send`.
  ///   - counts: each rank's number of elements, the same on all ranks.
  public func allGather<Element: MPIElement>(
    _ send: UnsafeBufferPointer<Element>, into receive: UnsafeMutableBufferPointer<Element>, counts: [Int]
  ) throws(MPIError) {
    let total = counts.reduce(0, +)
    precondition(counts.count == size, "\(counts.count) counts for \(size) ranks")
    precondition(send.count == counts[rank], "rank \(rank) announces \(counts[rank]) elements and sends \(send.count)")
    precondition(receive.count >= total, "\(total) elements do not fit a buffer of \(receive.count)")
    guard total > 0, let into = receive.baseAddress else { return }
    var starts: [Int] = []
    starts.reserveCapacity(size)
    var start = 0
    for count in counts {
      starts.append(start)
      start += count
    }
    if size > 1 && total <= elementsPerCall {
      let counts32 = counts.map(int32)
      let starts32 = starts.map(int32)
      let datatype = Element.elementKind.datatype
      try activity.collective("MPI_Allgatherv") {
        MPI_Allgatherv(send.baseAddress, int32(send.count), datatype, into, counts32, starts32, datatype, handle)
      }
      return
    }
    if let from = send.baseAddress { (into + starts[rank]).update(from: from, count: send.count) }
    for root in 0..<size {
      try broadcast(UnsafeMutableBufferPointer(start: into + starts[root], count: counts[root]), from: root)
    }
  }

  /// Every rank's values on every rank, in rank order; the counts may differ.
  public func allGather<Element: MPIElement>(_ values: [Element]) throws(MPIError) -> [[Element]] {
    guard size > 1 else { return [values] }
    let counts = try countsOfAll(values.count)
    var all = [Element](repeating: Communicator.zero(), count: counts.reduce(0, +))
    try all.withUnsafeMutableBufferPointer { receive throws(MPIError) in
      try values.withUnsafeBufferPointer { send throws(MPIError) in try allGather(send, into: receive, counts: counts) }
    }
    return Communicator.divide(all, counts)
  }

  /// Every rank's text on every rank, in rank order.
  public func allGather(_ text: String) throws(MPIError) -> [String] {
    try allGather(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Every rank's values on rank `root`, in rank order; nil on the others. The counts may differ.
  public func gather<Element: MPIElement>(_ values: [Element], to root: Int = 0) throws(MPIError) -> [[Element]]? {
    guard size > 1 else { return [values] }
    let counts = try countsOfAll(values.count)
    let nothing = [Int](repeating: 0, count: size)
    var sendCounts = nothing
    sendCounts[root] = values.count
    let receiveCounts = rank == root ? counts : nothing
    var all = [Element](repeating: Communicator.zero(), count: receiveCounts.reduce(0, +))
    try all.withUnsafeMutableBufferPointer { receive throws(MPIError) in
      try values.withUnsafeBufferPointer { send throws(MPIError) in
        try allToAll(send, counts: sendCounts, into: receive, counts: receiveCounts)
      }
    }
    return rank == root ? Communicator.divide(all, counts) : nil
  }

  private func countsOfAll(_ count: Int) throws(MPIError) -> [Int] {
    var counts = [Int64](repeating: 0, count: size)
    counts[rank] = Int64(count)
    try allReduce(&counts, .sum)
    return counts.map { Int($0) }
  }

  private static func divide<Element>(_ values: [Element], _ counts: [Int]) -> [[Element]] {
    var parts: [[Element]] = []
    var first = 0
    for count in counts {
      parts.append(Array(values[first..<first + count]))
      first += count
    }
    return parts
  }

  /// A value whose bytes are zero, to fill buffers before MPI writes them.
  private static func zero<Element: MPIElement>() -> Element {
    withUnsafeTemporaryAllocation(of: Element.self, capacity: 1) { one in
      UnsafeMutableRawBufferPointer(one).initializeMemory(as: UInt8.self, repeating: 0)
      return one[0]
    }
  }
}
