import Foundation
import TestSupport
import Testing

extension Trainings {
  /// Pseudo-labels: every number of ranks guesses alike, also after a stop.
  @Suite struct PseudoLabelCommandTests {
    private static func experiment(_ section: String) throws -> Experiment {
      var experiment = Experiment(
        data: try waves.get(),
        model: """
          model: {input: {kind: reals, normalise: sequence}, encoder: {kind: resnet, width: 12, blocks: [{stride: 2}]}}
          objective: {kind: classify, pseudoLabels: \(section)}
          """)
      (experiment.command, experiment.steps, experiment.validateEvery) = ("train", 24, 8)
      return experiment
    }

    /// Three classes; every fourth training sequence has no label.
    private static let waves = Result {
      var waves = PlainDataset.waves(lengths: someLengths(90, 40...160))
      for index in waves.labels!.indices where index % 4 == 3 { waves.labels![index] = -1 }
      return try waves.write("waves")
    }
    private static let labels = ["--label-fraction", "0.2"]

    /// A line of a round.
    private struct Round: Decodable {
      var kind: String
      var step, round, candidates, sequences, known: Int
      var perClass: [Int]
      var accuracy: Double?
    }

    private static func rounds(_ run: TrainedRun) throws -> [Round] {
      try text(run.path + "/metrics.jsonl").split(separator: "\n").filter { $0.contains("pseudoLabels") }.map {
        try JSONDecoder().decode(Round.self, from: Data($0.utf8))
      }
    }

    @Test(arguments: [
      "{rounds: 2, threshold: 0.34, perClass: 9, weight: 0.5}",
      "{rounds: 3, threshold: 0.34, teacher: average, decay: 0.8}",
    ])
    func sameBits(section: String) throws {
      let experiment = try Self.experiment(section)
      let alone = try experiment.run(Self.labels)
      let rounds = try Self.rounds(alone)
      #expect(rounds.map(\.round) == Array(1...rounds.count))
      #expect(rounds.map(\.step) == (section.contains("rounds: 2") ? [8, 16] : [6, 12, 18]))
      for round in rounds {
        #expect(round.sequences > 0 && round.sequences == round.perClass.reduce(0, +), "\(round)")
        #expect(round.sequences <= round.candidates && round.known <= round.sequences, "\(round)")
        if section.contains("perClass") { #expect(round.perClass.allSatisfy { $0 <= 9 }, "\(round)") }
        let accuracy = try #require(round.accuracy)
        #expect(accuracy >= 0 && accuracy <= 1)
      }
      // More sequences a step than have labels.
      let steps = try alone.steps
      #expect(steps.map(\.sequences).max()! > steps[0].sequences)
      for (ranks, threads) in [(2, 2), (3, 1)] {
        let run = try experiment.run(ranks: ranks, Self.labels + ["--threads", "\(threads)"])
        try run.expectSameBits(as: alone, at: 24, "\(ranks) ranks of \(threads) threads")
        #expect(try Self.rounds(run).map(\.perClass) == rounds.map(\.perClass))
      }
      // Within a stage; and where a round begins.
      for stop in [14, rounds[1].step] {
        let stopped = try experiment.run(ranks: 3, Self.labels + ["--stop-after", "\(stop)"], expecting: 75)
        try experiment.run(ranks: 2, into: stopped.path, Self.labels)
        try stopped.expectSameBits(as: alone, at: 24, "stopped at \(stop) on 3 ranks, resumed on 2")
        #expect(try Self.rounds(stopped).map(\.step) == rounds.map(\.step))
      }
    }

    @Test func nothingSureChangesNothing() throws {
      let experiment = try Self.experiment("{threshold: 1}")
      let run = try experiment.run(ranks: 2, Self.labels)
      #expect(try Self.rounds(run).map(\.sequences) == [0])
      let steps = try run.steps
      #expect(steps[23].sequences == steps[0].sequences)
    }

    @Test func labelsAreLeftToTheTrainingSplit() throws {
      let experiment = try Self.experiment("{threshold: 0}")
      let run = try experiment.run(["--label-fraction", "0.2"])
      let round = try #require(try Self.rounds(run).first)
      let waves = PlainDataset.waves(lengths: someLengths(90, 40...160))
      let train = waves.splits!.count { $0 == 0 }
      let steps = try run.steps
      #expect(round.candidates + steps[0].sequences == train)
      #expect(round.sequences == round.candidates)
    }
  }
}
