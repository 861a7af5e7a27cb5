import MessagePassing

/// Every type and reduction, with buffers that go in one call and in many.
func collectives(_ world: borrowing World, _ arguments: [String]) throws -> Report {
  for communicator in [world.communicator, try world.communicator.duplicate(elementsPerCall: 7)] {
    for count in [0, 1, 6, 7, 8, 100] {
      try reduceAll(communicator, count, Float.self)
      try reduceAll(communicator, count, Double.self)
      try reduceAll(communicator, count, Int32.self)
      try reduceAll(communicator, count, Int64.self)
      try reduceAll(communicator, count, UInt8.self)
      let own = UInt8(1) << UInt8(communicator.rank % 8)
      var flags = [UInt8](repeating: own, count: count)
      try communicator.allReduce(&flags, .bitOr)
      let all = UInt8(truncatingIfNeeded: (1 << min(communicator.size, 8)) - 1)
      try expect(flags, [UInt8](repeating: all, count: count), "bitwise or of \(count) bytes")
    }
  }
  var report = Report()
  report.set("library", World.libraryVersion.prefix { $0 != "," })
  return report
}

private func reduceAll<Element: MPIElement & Numeric & Comparable>(
  _ communicator: Communicator, _ count: Int, _ type: Element.Type
) throws {
  func values(_ rank: Int) -> [Element] {
    (0..<count).map { Element(exactly: ($0 * 5 + rank * 3) % 17) ?? 0 }
  }
  let ranks = (0..<communicator.size).map(values)
  let name = "\(count) of \(type)"
  var sum = values(communicator.rank)
  try communicator.allReduce(&sum, .sum)
  try expect(sum, (0..<count).map { index in ranks.reduce(0) { $0 + $1[index] } }, "sum of \(name)")
  var least = values(communicator.rank)
  try communicator.allReduce(&least, .min)
  try expect(least, (0..<count).map { index in ranks.map { $0[index] }.min() ?? 0 }, "minimum of \(name)")
  var most = values(communicator.rank)
  try communicator.allReduce(&most, .max)
  try expect(most, (0..<count).map { index in ranks.map { $0[index] }.max() ?? 0 }, "maximum of \(name)")
}

/// Broadcast, gather, all-gather and all-to-all, with unequal and empty pieces, in one call and in many.
func exchange(_ world: borrowing World, _ arguments: [String]) throws -> Report {
  for communicator in [world.communicator, try world.communicator.duplicate(elementsPerCall: 5)] {
    let rank = communicator.rank
    let size = communicator.size
    for root in 0..<size {
      let text = try communicator.broadcast(rank == root ? "from rank \(root): süß" : "", from: root)
      try expect(text, "from rank \(root): süß", "broadcast text")
      let numbers = try communicator.broadcast(rank == root ? (0..<13).map(Double.init) : [], from: root)
      try expect(numbers, (0..<13).map(Double.init), "broadcast numbers")
      let gathered = try communicator.gather([Int32](repeating: Int32(rank), count: rank * 3), to: root)
      let wanted = (0..<size).map { [Int32](repeating: Int32($0), count: $0 * 3) }
      try expect(gathered, rank == root ? wanted : nil, "gather on rank \(root)")
    }
    let all = try communicator.allGather((0..<rank * 4).map { Float($0 + rank) })
    try expect(all, (0..<size).map { other in (0..<other * 4).map { Float($0 + other) } }, "all-gather")
    let names = try communicator.allGather(rank % 2 == 0 ? "even" : "")
    try expect(names, (0..<size).map { $0 % 2 == 0 ? "even" : "" }, "all-gather of text")

    // Rank p sends q (p + 2q) % 8 numbers that say where they come from and go to.
    func piece(_ from: Int, _ to: Int) -> [Int64] { (0..<(from + 2 * to) % 8).map { Int64(from * 100 + to * 10 + $0) } }
    let outgoing = (0..<size).map { piece(rank, $0) }
    let incoming = (0..<size).map { piece($0, rank) }
    var received = [Int64](repeating: -1, count: incoming.joined().count)
    try received.withUnsafeMutableBufferPointer { receive in
      try Array(outgoing.joined()).withUnsafeBufferPointer { send in
        try communicator.allToAll(send, counts: outgoing.map(\.count), into: receive, counts: incoming.map(\.count))
      }
    }
    try expect(received, Array(incoming.joined()), "all-to-all")
  }
  return Report()
}

/// Several reductions under way at once, tested and waited for in another order than they were started in.
func nonblocking(_ world: borrowing World, _ arguments: [String]) throws -> Report {
  let communicator = try world.communicator.duplicate(elementsPerCall: 1000)
  let counts = [1, 1000, 2500, 70_001, 0]
  let buffers = counts.map { count in
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    buffer.initialize(repeating: Float(communicator.rank + 1))
    return buffer
  }
  defer { for buffer in buffers { buffer.deallocate() } }
  let operations = try buffers.map { try communicator.startAllReduce($0, .sum) }
  var tests = 0
  while try !operations[2].test() { tests += 1 }
  for operation in operations.reversed() { try operation.wait() }
  let expected = Float(communicator.size * (communicator.size + 1) / 2)
  for buffer in buffers {
    try expect(buffer.allSatisfy { $0 == expected }, true, "\(buffer.count) elements reduced while testing")
  }
  try expect(try operations[0].test(), true, "a complete operation stays complete")
  return Report()
}
