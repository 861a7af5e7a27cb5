import Networks
import PackedTensors
import SequenceData
import TestSupport
import Testing

@testable import Training

/// What a probe keeps of a frozen encoder.
@Suite struct FrozenEmbeddingsTests {
  private static let encoders = [
    "{kind: resnet, stem: {width: 8, kernel: 3, stride: 2}, blocks: [{width: 8, kernel: 3}]}",
    "{kind: tcn, width: 5, levels: 2}",
    "{kind: lstm, width: 6, bidirectional: true}",
    "{kind: transformer, width: 8, layers: 1, heads: 2}",
  ]
  private static let data = DataDescription(features: 2, values: .reals, classes: ["a", "b"])
  private static let lengths = [30, 1, 41, 60, 7, 128]

  private static func yaml(_ encoder: String, pool: Pooling = .mean, objective: String = "{kind: classify}") -> String {
    """
    model: {input: {kind: reals}, encoder: \(encoder), pool: \(pool.rawValue)}
    objective: \(objective)
    optimizer: {kind: sgd, learningRate: 0.1}
    schedule: {kind: constant}
    training: {steps: 1}
    """
  }

  /// Some of six sequences, in an order, on lanes.
  private static func values(_ ids: [Int], bounds: [Int]) -> PackedTensor {
    let layout = RaggedLayout(lengths: ids.map { lengths[$0] }, laneBounds: bounds)
    let elements = ids.flatMap { id in
      var numbers = Numbers(seed: UInt64(id))
      return numbers.floats(2 * lengths[id], scale: 2)
    }
    return PackedTensor(layout: layout, channels: 2, elements: elements)
  }

  private static func use<User: ModelUser>(_ yaml: String, frozen: Bool = true, by user: User) throws -> User.Result {
    let recipe = try Recipe(yaml: yaml)
    return try ModelBuilder.build(
      recipe.model, objective: recipe.objective, precision: .float32, data: data, seed: 3, isEncoderFrozen: frozen,
      for: user)
  }

  /// Asks for batches that share sequences, and compares what comes with what the whole batch gives.
  private struct Batches: ModelUser {
    let pooling: Pooling
    var capacity = FrozenEmbeddings.capacity

    /// How many sequences were encoded in each batch.
    func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> [Int] {
      var kept = FrozenEmbeddings(pooling, width: model.encoder.width, capacity: capacity)
      var counts: [Int] = []
      for (ids, bounds) in [
        ([0, 1, 2], [0, 1, 1, 3]), ([3, 2, 4, 0], [0, 2, 3, 4]), ([4, 0, 2], [0, 0, 2, 3]), ([5], [0, 0, 1]),
        ([], [0, 0, 0]),
      ] {
        func embed(_ values: PackedTensor, _ ids: [Int]) throws -> PackedTensor {
          var pass = ForwardPass(
            store: model.store, mode: .evaluation, statistics: LaneStatistics(), ids: ids, seed: 3, epoch: 0)
          return try model.encoder.embed(EncoderInput(values), &pass)
        }
        let values = FrozenEmbeddingsTests.values(ids, bounds: bounds)
        var encoded = 0
        let got = try kept.pooled(values, ids: ids) { values, ids in
          encoded += ids.count
          #expect(values.layout.sequences == ids.count)
          return try embed(values, ids)
        }
        counts.append(encoded)
        let expected = pooling.forward(try embed(values, ids)).0
        #expect(got.layout == expected.layout)
        #expect(Compare.bits("sequences \(ids)", got.elements, expected.elements) == nil)
        #expect(Compare.bits("pooled again", pooling.forward(got).0.elements, got.elements) == nil)
      }
      return counts
    }
  }

  @Test(arguments: encoders, Pooling.allCases) func eachSequenceIsEncodedOnce(encoder: String, pooling: Pooling) throws
  {
    #expect(try Self.use(Self.yaml(encoder, pool: pooling), by: Batches(pooling: pooling)) == [3, 2, 0, 1, 0])
  }

  @Test func whatDoesNotFitIsEncodedAgain() throws {
    // Two rows of five floats and their places: sequences 0 and 1.
    let few = Batches(pooling: .max, capacity: 2 * (5 * 4 + 32) + 51)
    #expect(try Self.use(Self.yaml(Self.encoders[1]), by: few) == [3, 3, 2, 1, 0])
    #expect(try Self.use(Self.yaml(Self.encoders[1]), by: Batches(pooling: .mean, capacity: 0)) == [3, 4, 3, 1, 0])
  }

  /// Bytes that a probe of a thousand sequences is said to keep.
  private struct Kept: ModelUser {
    func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> Int? {
      model.frozenEmbeddings?.bytes(sequences: 1000)
    }
  }

  @Test func onlyWhereTheValuesStayWhatTheyAre() throws {
    #expect(try Self.use(Self.yaml(Self.encoders[1]), by: Kept()) == 1000 * (5 * 4 + 32))
    #expect(try Self.use(Self.yaml(Self.encoders[1]), frozen: false, by: Kept()) == nil)
    let augmented = "{kind: classify, augment: {crop: 0.8}}"
    #expect(try Self.use(Self.yaml(Self.encoders[1], objective: augmented), by: Kept()) == nil)
    #expect(try Self.use(Self.yaml(Self.encoders[1], objective: "{kind: masked}"), by: Kept()) == nil)
  }
}
