import ArrayFiles
import Foundation
import Networks
import PackedTensors
import Testing

/// Optimizers and schedules: trajectories of PyTorch's optimizers on the same gradients, and the learning rate's
/// course.
@Suite struct OptimizerTests {
  struct Settings: Decodable {
    var rates: [Double]
    var betas: [Double]?
    var eps, momentum: Double?
    var weightDecay: Double
  }

  @Test(arguments: ["optimizer-adamw", "optimizer-sgd"])
  func trajectory(name: String) throws {
    let index = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(fileURLWithPath: GoldenCase.folder + "/cases.json")))
    let cases = try #require((index as? [String: Any])?["cases"] as? [String: Any])
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let settings = try decoder.decode(
      Settings.self, from: JSONSerialization.data(withJSONObject: try #require(cases[name])))
    let file = try SafetensorsFile(path: GoldenCase.folder + "/\(name).safetensors")
    func floats(_ tensor: String) throws -> [Float] {
      guard case .float32(let values) = try file.tensor(tensor).elements else { return [] }
      return values
    }
    let store = ParameterStore(seed: 1)
    for entry in file.entries where entry.name.hasPrefix("initial.") {
      let parameter = store.addParameter(String(entry.name.dropFirst(8)), shape: entry.shape, .constant(0))
      store[parameter] = try floats(entry.name)
    }
    var optimizer: any Optimizer =
      name == "optimizer-adamw"
      ? AdamW(
        count: store.count, beta1: settings.betas![0], beta2: settings.betas![1], epsilon: settings.eps!,
        weightDecay: settings.weightDecay)
      : SGD(count: store.count, momentum: settings.momentum!, weightDecay: settings.weightDecay)
    for (step, rate) in settings.rates.enumerated() {
      var gradient: [Float] = []
      for parameter in store.parameters { gradient += try floats("gradient.\(step + 1).\(parameter.name)") }
      optimizer.update(store, trainable: store.parameters, turn: 0, gradient: gradient, scale: 1, rate: rate)
      for parameter in store.parameters {
        let expected = try floats("after.\(step + 1).\(parameter.name)")
        for (k, value) in store[parameter].enumerated() {
          #expect(
            abs(value - expected[k]) <= 2e-6 * max(1, abs(expected[k])),
            "\(name), step \(step + 1), \(parameter.name)[\(k)]: \(value), expected \(expected[k])")
        }
      }
    }
  }

  @Test func learningRateSchedules() {
    let cosine = LearningRateSchedule(rate: 2, warmupSteps: 4, totalSteps: 104, course: .cosine(final: 0.1))
    #expect((0..<4).map { cosine.rate(at: $0) } == [0.5, 1, 1.5, 2])
    #expect(cosine.rate(at: 4) == 2)
    #expect(abs(cosine.rate(at: 54) - 1.1) < 1e-12)
    #expect(abs(cosine.rate(at: 104) - 0.2) < 1e-12)
    let falling = LearningRateSchedule(rate: 1, warmupSteps: 0, totalSteps: 100, course: .step(every: 10, factor: 0.5))
    #expect([0, 9, 10, 25].map { falling.rate(at: $0) } == [1, 1, 0.5, 0.25])
    let constant = LearningRateSchedule(rate: 3, warmupSteps: 0, totalSteps: 10, course: .constant)
    #expect(constant.rate(at: 9) == 3)
  }

  @Test func initialValuesDependOnSeedAndNameAlone() {
    func weights(_ seed: UInt64, extra: Bool) -> [Float] {
      let store = ParameterStore(seed: seed)
      if extra { _ = store.addParameter("other", shape: [7], .uniform(fanIn: 7)) }
      return store[store.addParameter("weight", shape: [20, 30], .uniform(fanIn: 30))]
    }
    #expect(weights(1, extra: false) == weights(1, extra: true))
    #expect(weights(1, extra: false) != weights(2, extra: false))
    let bound = Float((1.0 / 30).squareRoot())
    #expect(weights(1, extra: false).allSatisfy { abs($0) <= bound })
    let store = ParameterStore(seed: 3)
    let normal = store[store.addParameter("normal", shape: [20000], .normal(1))].map(Double.init)
    let mean = normal.reduce(0, +) / 20000
    let variance = normal.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20000
    #expect(abs(mean) < 5 / 20000.0.squareRoot() && abs(variance - 1) < 0.05, "mean \(mean), variance \(variance)")
  }

  @Test func lanesAreFoldedInTheBalancedTree() {
    // Values whose sum depends on the order: only the balanced tree gives these bits.
    let values: [Float] = [1e8, 1, -1e8, 1, 3e7, 0.5, -3e7, 0.25]
    func tree(_ lanes: Range<Int>) -> Float {
      lanes.count == 1
        ? values[lanes.lowerBound]
        : tree(lanes.lowerBound..<lanes.lowerBound + lanes.count / 2)
          + tree(lanes.lowerBound + lanes.count / 2..<lanes.upperBound)
    }
    for lanes in [0..<8, 0..<4, 2..<7, 5..<6] {
      let arena = GradientArena(lanes: lanes, count: 1, sink: NoGradientSink())
      var fold = LaneFold(arena, elements: 1)
      var got = [Float](repeating: .nan, count: arena.nodes.count)
      for lane in 0..<lanes.count { fold.add(lane, [values[lanes.lowerBound + lane]]) { got[$0] = $1[0] } }
      #expect(got == arena.nodes.map { tree($0.lanes) }, "lanes \(lanes)")
    }
  }
}
