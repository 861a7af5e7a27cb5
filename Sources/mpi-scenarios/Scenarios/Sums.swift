import DataParallel
import Glibc
import MessagePassing
import PackedTensors

/// `sums LANES automatic|own COUNT …`: the canonical sum of awkward numbers, and its digest, which no number of ranks
/// changes.
func sums(_ world: borrowing World, _ arguments: [String]) throws -> Report {
  let lanes = arguments.first.flatMap { Int($0) } ?? 8
  let exchange: CanonicalSum.Exchange = arguments.dropFirst().first == "own" ? .own : .automatic
  let sum = CanonicalSum(communicator: world.communicator, lanes: lanes, exchange: exchange)
  var report = Report()
  for count in arguments.dropFirst(2).compactMap({ Int($0) }) {
    report.set("float \(count)", try summed(sum, Float.self, count))
    report.set("double \(count)", try summed(sum, Double.self, count))
  }
  return report
}

private func summed<Element: SummedElement>(_ sum: CanonicalSum, _ type: Element.Type, _ count: Int) throws -> String {
  // A lane without sequences is +0; the last lanes are where small batches leave it.
  let values = LaneValues<Element>(lanes: sum.lanes, empty: [1, sum.lanes - 1])
  let stride = count + 3
  let rows = UnsafeMutablePointer<Element>.allocate(capacity: sum.nodes.count * stride)
  defer { rows.deallocate() }
  values.fill(rows, nodes: sum.nodes, count: count, stride: stride)
  try sum.reduce(rows, count: count, stride: stride)
  if let index = values.firstDifference(rows, count: count) {
    throw ScenarioFailure(
      description:
        "sum of \(count) \(type) over \(sum.lanes) lanes differs from the tree at index \(index): \(rows[index])")
  }
  return digest(rows, count: count)
}

/// `statistics LANES`: shared statistics as batch norm asks for them, several in a row; LOCKSTEP_TEST_DROP is obeyed.
func statistics(_ world: borrowing World, _ arguments: [String]) throws -> Report {
  let lanes = arguments.first.flatMap { Int($0) } ?? 8
  let sum = CanonicalSum(communicator: world.communicator, lanes: lanes)
  let statistics = RankStatistics(sum: sum, faultInjection: try FaultInjection.fromEnvironment())
  let values = LaneValues<Double>(lanes: lanes, empty: [2])
  var report = Report()
  for (call, count) in [1, 2, 128, 128, 3001].enumerated() {
    var laneSums = [Double](repeating: 0, count: sum.carriedLanes.count * count)
    laneSums.withUnsafeMutableBufferPointer { rows in
      guard let base = rows.baseAddress else { return }
      for (row, lane) in sum.carriedLanes.enumerated() { values.fill(base + row * count, count: count, lane: lane) }
    }
    let total = try statistics.reduce(laneSums, count: count)
    try expect(total.count, count, "number of shared statistics")
    report.set("call \(call)", total.withUnsafeBufferPointer { digest($0.baseAddress!, count: count) })
  }
  return report
}

/// `late MILLISECONDS`: each rank in turn comes so much later than the others to a call, by turns a sum and a gathering;
/// milliseconds that each call took.
func late(_ world: borrowing World, _ arguments: [String]) throws -> Report {
  let delay = arguments.first.flatMap { UInt32($0) } ?? 100
  let (rank, ranks) = (world.communicator.rank, world.communicator.size)
  let clock = CommunicationClock()
  let sum = CanonicalSum(communicator: world.communicator, lanes: 8, clock: clock)
  let statistics = RankStatistics(sum: sum)
  try sum.prepare(Double.self, counts: [1])
  try world.communicator.barrier()
  clock.begin()
  for call in 0..<2 * ranks {
    if call % ranks == rank { usleep(1000 * delay) }
    if call < ranks {
      _ = try statistics.reduce([Double](repeating: 1, count: sum.carriedLanes.count), count: 1)
    } else {
      _ = try statistics.gather([1])
    }
  }
  var report = Report()
  for (call, seconds) in clock.calls.enumerated() { report.set("\(call)", seconds * 1e3) }
  return report
}
