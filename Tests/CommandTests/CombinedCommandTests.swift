import ArrayFiles
import Foundation
import TestSupport
import Testing

extension Trainings {
  /// Several objectives at once: the same bits on any number of ranks, and each part's loss in the metrics.
  @Suite struct CombinedCommandTests {
    private static func experiment(_ parts: String, input: String = "{kind: categories}", causal: Bool = false) throws
      -> Experiment
    {
      var experiment = try Experiment.masked.get()
      experiment.model = """
        model:
          input: \(input)
          encoder: {kind: resnet, width: 12, blocks: [{stride: 2}, {stride: 2}], causal: \(causal), dropout: 0.1}
        objective: {kind: combined, parts: \(parts)}
        """
      (experiment.steps, experiment.validateEvery) = (24, 8)
      return experiment
    }

    @Test(arguments: [
      // A mask vector, views, and the batch as it is; sequences compared over all ranks.
      (
        "[{kind: masked}, {kind: contrastive, window: 40, within: 20, weight: 0.5}, {kind: denoise, code: 6, weight: 2}]",
        "{kind: categories}", false
      ),
      // Two objectives share a view.
      (
        "[{kind: next}, {kind: predictive, steps: 3, anchors: 4, weight: 0.3}, {kind: contrastive, crop: 0.6, jitter: 0.2}]",
        "{kind: reals, normalise: sequence}", true
      ),
      // No sequence is compared with another: validation is divided over ranks.
      ("[{kind: masked, weight: 0.5}, {kind: autoencode, code: 2}]", "{kind: reals, normalise: sequence}", false),
    ])
    func sameBits(parts: String, input: String, causal: Bool) throws {
      let experiment = try Self.experiment(parts, input: input, causal: causal)
      let alone = try experiment.run()
      try experiment.expectLearning(alone)
      for (ranks, threads) in [(2, 2), (3, 1)] {
        let run = try experiment.run(ranks: ranks, ["--threads", "\(threads)"])
        try run.expectSameBits(as: alone, at: 24, "\(ranks) ranks of \(threads) threads")
      }
      let stopped = try experiment.run(ranks: 3, ["--stop-after", "11"], expecting: 75)
      try experiment.run(ranks: 2, into: stopped.path)
      try stopped.expectSameBits(as: alone, at: 24, "stopped on 3 ranks, resumed on 2")
    }

    @Test func theSumIsThatOfTheParts() throws {
      let experiment = try Self.experiment(
        "[{kind: masked, weight: 0.5}, {kind: contrastive, window: 40, within: 20, weight: 0.25}]")
      let run = try experiment.run(ranks: 2)
      let rows = try run.rows
      #expect(rows.contains { $0.kind == "validation" })
      for row in rows {
        let parts = try #require(row.parts)
        #expect(Set(parts.keys) == ["masked", "contrastive"])
        let (masked, contrastive) = (try #require(parts["masked"]?.loss), try #require(parts["contrastive"]?.loss))
        #expect(row.loss == 0.5 * masked + 0.25 * contrastive)
        #expect(parts["contrastive"]?.accuracy != nil && row.accuracy == nil)
      }
      let names = try run.tensors(24).map(\.name)
      #expect(names.contains("objective.masked.decoder.weight") && names.contains("objective.masked.mask"))
      #expect(names.contains("objective.contrastive.projection.linear1.weight"))
    }

    @Test func wrongPartsAreRefused() throws {
      func refuses(_ parts: String, _ words: String) throws {
        let experiment = try Self.experiment(parts)
        let line = "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(Workplace.place("run"))"
        try refused(line, ranks: 2, code: 64, saying: words)
      }
      try refuses("[{kind: masked}, {kind: next}]", "objective.parts[1].kind: next needs model.encoder.causal: true")
      try refuses(
        "[{kind: masked}, {kind: contrastive, window: 5000}]",
        "objective.parts[1].window: 5000 is more than sequence")
      try refuses(
        "[{kind: masked, target: spectrum}]", "objective.parts[0].target: categories have no spectrum")
    }
  }
}
