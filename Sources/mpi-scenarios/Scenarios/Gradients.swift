import DataParallel
import MessagePassing
import PackedTensors

/// `gradients LANES overlap|blocking|own|dropped`: three steps of a gradient arena whose layers finish from the last to
/// the first. All but `dropped` compare with the tree formed locally.
func gradients(_ world: borrowing World, _ arguments: [String]) throws -> Report {
  let lanes = arguments.first.flatMap { Int($0) } ?? 8
  let mode = arguments.dropFirst().first ?? "overlap"
  let ranges = layerRanges()
  let parameters = (ranges.map(\.upperBound).max() ?? 0) + 10  // the last few are never reported
  let values = LaneValues<Float>(lanes: lanes, empty: [lanes - 1])

  let carried = LaneTree.lanes(ofRank: world.communicator.rank, of: world.communicator.size, lanes: lanes)
  let nodes = LaneTree.nodes(covering: carried)
  let arena = UnsafeMutablePointer<Float>.allocate(capacity: nodes.count * parameters)
  defer { arena.deallocate() }
  let reducer = try GradientReducer(
    communicator: world.communicator, lanes: lanes, arena: arena, parameters: parameters, overlap: mode != "blocking",
    bucketBytes: 40_000, firstBucketBytes: 10_000, exchange: mode == "own" ? .own : .automatic,
    faultInjection: try FaultInjection.fromEnvironment())

  var report = Report()
  for step in 0..<3 {
    values.fill(arena, nodes: nodes, count: parameters, stride: parameters, salt: step)
    let unreported = digest(arena + parameters - 10, count: 10)
    reducer.begin()
    for range in ranges {
      try reducer.finished(range)
      try reducer.poll()
    }
    try reducer.wait()
    try expect(digest(arena + parameters - 10, count: 10), unreported, "elements that were never reported")
    if mode != "dropped", let index = values.firstDifference(arena, count: parameters - 10, salt: step) {
      throw ScenarioFailure(
        description: "step \(step): gradient \(index) of \(parameters) differs from the tree: \(arena[index])")
    }
    report.set("step \(step)", digest(arena, count: parameters - 10))
  }
  return report
}

/// Weight and bias of layers of several sizes, in the order in which backward finishes them; among them one longer than
/// a bucket.
private func layerRanges() -> [Range<Int>] {
  let layers = [(64, 64), (4096, 64), (12_288, 64), (50_000, 64), (1, 1), (12_288, 64), (640, 10)]
  var ranges: [[Range<Int>]] = []
  var first = 0
  for (weight, bias) in layers {
    ranges.append([first..<first + weight, first + weight..<first + weight + bias])
    first += weight + bias
  }
  return ranges.reversed().flatMap { $0 }
}

/// `overlap-time PARAMETERS MILLISECONDS`: exposed seconds of a reduction during a computation of that length, polled
/// or not.
func overlapTime(_ world: borrowing World, _ arguments: [String]) throws -> Report {
  let parameters = arguments.first.flatMap { Int($0) } ?? 1 << 20
  let compute = Duration.milliseconds(arguments.dropFirst().first.flatMap { Int($0) } ?? 20)
  let lanes = max(8, world.communicator.size)
  let carried = LaneTree.lanes(ofRank: world.communicator.rank, of: world.communicator.size, lanes: lanes)
  let arena = UnsafeMutablePointer<Float>.allocate(capacity: LaneTree.nodes(covering: carried).count * parameters)
  arena.initialize(repeating: 1, count: LaneTree.nodes(covering: carried).count * parameters)
  defer { arena.deallocate() }
  let ranges = stride(from: parameters, to: 0, by: -16_384).map { max(0, $0 - 16_384)..<$0 }
  var report = Report()
  for (name, overlap, polls) in [("polled", true, true), ("unpolled", true, false), ("blocking", false, false)] {
    let reducer = try GradientReducer(
      communicator: world.communicator, lanes: lanes, arena: arena, parameters: parameters, overlap: overlap)
    var least = Double.infinity
    for _ in 0..<10 {
      try world.communicator.barrier()
      reducer.begin()
      for range in ranges {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < compute / ranges.count {
          if polls { try reducer.poll() }
          let pause = ContinuousClock.now
          while ContinuousClock.now - pause < .microseconds(200) {}
        }
        try reducer.finished(range)
      }
      try reducer.wait()
      least = min(least, reducer.exposedSeconds)
    }
    report.set(name, "\((least * 1e6).rounded()) us")
  }
  return report
}
