import Networks
import PackedTensors
import SequenceData
import TestSupport
import Testing

@testable import Training

/// Momentum contrast on top of an encoder.
@Suite struct MomentumContrastTests {
  private static let yaml = """
    model:
      input: {kind: reals}
      encoder: {kind: resnet, width: 6, blocks: 2, activation: gelu}
    objective: {kind: contrastive, window: 24, within: 6, hidden: 7, projection: 6, temperature: 0.3, queue: 16}
    optimizer: {kind: sgd, learningRate: 0.1}
    schedule: {kind: constant}
    training: {steps: 1}
    batch: {sequences: 8}
    """
  private static let data = DataDescription(features: 1, values: .reals, classes: [])

  private static var batch: Batch {
    var numbers = Numbers(seed: 8)
    let layout = RaggedLayout(lengths: [30, 24, 41, 60])
    let values = PackedTensor(layout: layout, channels: 1, elements: numbers.floats(layout.timesteps, scale: 2))
    return Batch(raw: values, values: values, ids: [3, 5, 6, 9], labels: [-1, -1, -1, -1])
  }

  @Test func gradientsAreTheSlopesOfTheLoss() throws { try LossSlopes.check(Self.yaml, Self.data, Self.batch) }

  @Test func asAPartToo() throws {
    let yaml = Self.yaml.replacing("objective: {", with: "objective: {kind: combined, parts: [{kind: denoise}, {")
      .replacing("queue: 16}", with: "queue: 16, weight: 0.5}]}")
    try LossSlopes.check(yaml, Self.data, Self.batch)
  }

  @Test func aQueueForgetsTheOldest() {
    let store = ParameterStore(seed: 1)
    let queue = KeyQueue("queue", capacity: 3, width: 2, in: store)
    let first = queue.rows(in: store)
    for row in 0..<3 {
      let length = (first[2 * row] * first[2 * row] + first[2 * row + 1] * first[2 * row + 1]).squareRoot()
      #expect(abs(length - 1) < 1e-6)
    }
    queue.add([1, 2, 3, 4], in: store)
    #expect(queue.rows(in: store) == [1, 2, 3, 4] + first[4...])
    queue.add([5, 6, 7, 8], in: store)
    #expect(queue.rows(in: store) == [7, 8, 3, 4, 5, 6])
    queue.add([], in: store)
    #expect(queue.rows(in: store) == [7, 8, 3, 4, 5, 6])
    // An average of the weights has none.
    #expect(store.copy().statistics.isEmpty)
  }

  @Test func anAverageFollows() {
    let store = ParameterStore(seed: 1)
    let weight = store.addParameter("weight", shape: [2, 3], .uniform(fanIn: 3))
    let norm = BatchNorm("norm", channels: 2, in: store)
    let average = WeightAverage(of: store, decay: 0.75)
    let before = store[weight]
    store[weight] = before.map { $0 + 4 }
    store[norm.runningMean] = [8, 4]
    store[norm.batches] = 3
    average.follow(store)
    for (value, old) in zip(average.store[weight], before) { #expect(abs(value - (old + 1)) < 1e-5) }
    #expect(average.store[norm.runningMean] == [2, 1])
    #expect(average.store[norm.batches] == 3)
  }

  @Test func recipesThatCannotTeachAreRefused() throws {
    func refuses(_ override: String, _ words: String) {
      do {
        _ = try Recipe(yaml: Self.yaml, overrides: [override])
        Issue.record("accepted: \(override)")
      } catch {
        #expect("\(error)".contains(words), "\(error)")
      }
    }
    refuses("objective.queue=7", "objective.queue: 7 keys are fewer than a step brings (batch.sequences: 8)")
    refuses("objective.queue=0", "expected an integer from 1 to 65536")
    refuses("objective.momentum=1", "objective.momentum: expected a number from 0 to below 1")
    let plain = Self.yaml.replacing(", queue: 16", with: ", momentum: 0.9")
    #expect(throws: RecipeError.self) { try Recipe(yaml: plain) }
    let recipe = try Recipe(yaml: Self.yaml, overrides: ["objective.momentum=0.5"])
    #expect(try Recipe(yaml: recipe.resolvedYAML) == recipe)
    #expect((recipe.objective as? ContrastiveRecipe)?.momentum == 0.5)
  }
}
