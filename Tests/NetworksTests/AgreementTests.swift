import Networks
import PackedTensors
import Testing

/// Agreement with PyTorch on ragged sequences: convolutions sequence by sequence, batch norm over all timesteps at
/// once.
@Suite struct AgreementTests {
  static let names = [
    "reference-block-64", "reference-block-6", "strided", "dilated-gelu", "causal-last", "max-pool", "categories",
    "transformer-rotary", "transformer-causal", "transformer-categories",
    "lstm", "lstm-bidirectional", "gru", "gru-bidirectional", "mlp", "mlp-categories",
  ]
  static let laneBounds = [[0, 5], [0, 2, 2, 4, 5]]

  @Test(arguments: names, laneBounds)
  func trainingStep(name: String, laneBounds: [Int]) throws {
    let golden = try GoldenCase(name)
    try trainingStep(golden, golden.encoder, name: name, laneBounds: laneBounds)
  }

  private func trainingStep(
    _ golden: GoldenCase, _ encoder: some Encoder, name: String, laneBounds: [Int]
  ) throws {
    let (store, lanes) = (golden.store, laneBounds.count - 1)
    let input = try golden.input(laneBounds: laneBounds)
    let ids = Array(0..<5)
    var forward = ForwardPass(store: store, mode: .training, statistics: LaneStatistics(), ids: ids)
    let (embedding, saved) = try encoder.forward(EncoderInput(input), &forward)
    let (logits, headSaved) = golden.head.forward(embedding, forward)
    try expectClose(logits.elements, golden.floats("training.logits"), "\(name): logits")

    let sums = Losses.crossEntropy(logits, targets: try golden.labels())
    let loss = LaneStatistics().reduce(sums.loss.values, count: 1)[0] / 5
    try expectClose([Float(loss)], golden.floats("training.loss"), "\(name): loss")

    let arena = GradientArena(lanes: 0..<lanes, count: store.count, sink: NoGradientSink())
    let pass = BackwardPass(store: store, gradients: arena, statistics: LaneStatistics())
    let gradient = try golden.head.backward(logits, headSaved, pass)
    try encoder.backward(gradient, saved, pass)
    let largest = store.parameters.flatMap { parameter in
      UnsafeBufferPointer(start: arena.total + parameter.range.lowerBound, count: parameter.count).map { abs($0 / 5) }
    }.max()!
    for parameter in store.parameters {
      let got = UnsafeBufferPointer(start: arena.total + parameter.range.lowerBound, count: parameter.count).map {
        $0 / 5
      }
      if golden.settings.vanishing.contains("gradient." + parameter.name) {
        // The true gradient is zero: both hold rounding alone.
        #expect(
          got.allSatisfy { abs($0) < 1e-5 * largest }, "\(name): \(parameter.name) should vanish, is \(got.max()!)")
      } else {
        try expectClose(got, golden.floats("gradient." + parameter.name), "\(name): gradient of \(parameter.name)")
      }
    }
    for (norm, moments) in forward.observed { norm.observe(moments, in: store) }
    for statistic in store.statistics {
      try expectClose(store[statistic], golden.floats("after." + statistic.name), "\(name): \(statistic.name)")
    }
    for counter in store.counters { #expect(try store[counter] == golden.integers("after." + counter.name)[0]) }
  }

  @Test(arguments: names, [false, true])
  func evaluation(name: String, isFolded: Bool) throws {
    let golden = try GoldenCase(name)
    let store = golden.store
    for statistic in store.statistics { store[statistic] = try golden.floats("after." + statistic.name) }
    var forward = ForwardPass(store: store, mode: .evaluation, statistics: LaneStatistics(), ids: Array(0..<5))
    let input = EncoderInput(try golden.input(laneBounds: [0, 5]))
    let embedding = try frames(golden.encoder, input, isFolded: isFolded, &forward)
    try expectClose(embedding.elements, golden.floats("evaluation.frames"), "\(name): frames")
    try expectClose(
      golden.head.pooling.forward(embedding).0.elements, golden.floats("evaluation.embedding"), "\(name): embedding")
    let (logits, _) = golden.head.forward(embedding, forward)
    try expectClose(logits.elements, golden.floats("evaluation.logits"), "\(name): evaluation logits")
  }

  private func frames(
    _ encoder: some Encoder, _ input: EncoderInput, isFolded: Bool, _ pass: inout ForwardPass
  ) throws -> PackedTensor {
    try isFolded ? encoder.embed(input, &pass) : encoder.forward(input, &pass).0
  }

  @Test(arguments: names)
  func aSequenceIsEmbeddedAloneAsInAnyBatch(name: String) throws {
    let golden = try GoldenCase(name)
    func embedded(_ x: PackedTensor) throws -> PackedTensor {
      var pass = ForwardPass(store: golden.store, mode: .evaluation, statistics: LaneStatistics(), ids: [0])
      return try golden.encoder.embed(EncoderInput(x), &pass)
    }
    let all = try golden.input(laneBounds: [0, 5])
    let together = try embedded(all)
    for sequence in 0..<all.layout.sequences {
      let rows = all.layout.rows(of: sequence)
      let elements = (rows.lowerBound * all.channels..<rows.upperBound * all.channels).map { all.base[$0] }
      let alone = try embedded(
        PackedTensor(layout: RaggedLayout(lengths: [rows.count]), channels: all.channels, elements: elements))
      let first = together.row(together.layout.offsets[sequence])
      #expect(
        alone.elements.indices.allSatisfy { alone.elements[$0].bitPattern == first[$0].bitPattern },
        "\(name): sequence \(sequence)")
    }
  }

  /// `max |a − b| ≤ 1e-4 · max |b|`.
  private func expectClose(_ got: [Float], _ expected: [Float], _ what: String) throws {
    try #require(got.count == expected.count, "\(what): \(got.count) values, expected \(expected.count)")
    let bound = 1e-4 * (expected.map { abs($0) }.max() ?? 0)
    let worst = got.indices.max { abs(got[$0] - expected[$0]) < abs(got[$1] - expected[$1]) }!
    #expect(
      abs(got[worst] - expected[worst]) <= bound,
      "\(what): element \(worst) is \(got[worst]), expected \(expected[worst]), allowed difference \(bound)")
  }
}
