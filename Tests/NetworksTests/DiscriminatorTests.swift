import ArrayFiles
import PackedTensors
import TestSupport
import Testing

@testable import Networks

/// A critic's lesson against PyTorch's double backward.
@Suite struct DiscriminatorTests {
  @Test(arguments: [("wasserstein", 2, false), ("wasserstein-shuffled", 3, true)])
  func aLessonAgreesWithPyTorch(name: String, layers: Int, isShuffled: Bool) throws {
    let file = try SafetensorsFile(path: "\(GoldenCase.folder)/\(name).safetensors")
    func floats(_ name: String) throws -> [Float] {
      guard case .float32(let values) = try file.tensor(name).elements else { return [] }
      return values
    }
    let store = ParameterStore(seed: 1)
    let critic = Critic("critic", features: 2, .init(channels: 4, layers: layers, kernel: 5, stride: 3), in: store)
    let discriminator = Discriminator("score", critic: critic, in: store)
    for parameter in store.parameters { store[parameter] = try floats("initial." + parameter.name) }

    // The middle lane is empty.
    let layout = RaggedLayout(lengths: [1, 2, 7, 50, 131], laneBounds: [0, 3, 3, 5])
    let parts = try ["real", "made", "mixed"].map {
      PackedTensor(layout: layout, channels: 2, elements: try floats($0))
    }
    var phases = LessonPhases.none
    if isShuffled {
      guard case .int64(let shifts) = try file.tensor("shifts").elements else {
        Issue.record("the shifts are no int64")
        return
      }
      // [kind of sequence, layer, sequence]
      let kinds = (0..<3).map { kind in
        PhaseShuffle(
          shifts: (0..<layers).map { layer in (0..<5).map { Int(shifts[(kind * layers + layer) * 5 + $0]) } })
      }
      phases = LessonPhases(real: kinds[0], made: kinds[1], mixed: kinds[2])
    }
    let arena = GradientArena(lanes: 0..<3, count: store.count, sink: NoGradientSink())
    let forward = ForwardPass(store: store, mode: .training, statistics: LaneStatistics(), ids: Array(0..<5))
    let lesson = try discriminator.learn(
      real: parts[0], made: parts[1], mixed: parts[2], penalty: 10, phases: phases, forward,
      BackwardPass(store: store, gradients: arena, statistics: LaneStatistics()))

    func expectClose(_ name: String, _ values: [Double]) throws {
      let golden = try floats(name).map(Double.init)
      let scale = golden.map(abs).max()!
      #expect(Compare.close(name, values, golden, tolerance: 1e-5 * max(scale, 1)) == nil)
    }
    try expectClose("distances", lesson.distances)
    try expectClose("penalties", lesson.penalties)
    for parameter in store.parameters {
      // Lanes 0 and 1 are one node, lane 2 is another.
      let sums = parameter.range.map { Double(arena.base[$0]) + Double(arena.base[store.count + $0]) }
      try expectClose("gradient." + parameter.name, sums)
    }
  }
}
