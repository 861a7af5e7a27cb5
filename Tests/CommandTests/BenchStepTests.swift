import Foundation
import TestSupport
import Testing

extension Trainings {
  /// `bench step`: a pass by the function that trains, and what it says of that.
  @Suite struct BenchStepTests {
    private struct Result: Decodable {
      var steps: Int
      var seconds, exposedSeconds, waitedSeconds, inputSeconds, finalLoss: Double
      var digest: String
    }

    @Test func thePassIsTheSameOnAnyNumberOfRanks() throws {
      let lengths = try Workplace.file("lengths.txt", (0..<20).map { "\(40 + 13 * $0)" }.joined(separator: "\n"))
      let recipe = try Workplace.file(
        "bench.yaml",
        """
        model: {input: {kind: reals, normalise: none}, encoder: {kind: resnet, width: 12, blocks: 1}}
        objective: {kind: classify}
        batch: {timesteps: 4096}
        optimizer: {kind: adamw, learningRate: 1e-3}
        schedule: {kind: constant}
        training: {epochs: 1}
        """)
      let results = try [1, 2, 3].map { ranks in
        let output = try lockstep("bench step --json --recipe \(recipe) --lengths \(lengths)", ranks: ranks).output
        return try JSONDecoder().decode(Result.self, from: Data(output.utf8))
      }
      for (index, result) in results.enumerated() {
        #expect(result.digest == results[0].digest && result.finalLoss == results[0].finalLoss, "\(index + 1) ranks")
        #expect(result.steps == 3, "20 sequences, eight a step")
        let spent = [0, result.exposedSeconds, result.waitedSeconds, result.seconds]
        #expect(spent == spent.sorted(), "\(index + 1) ranks: \(result)")
      }
      #expect(results[1].exposedSeconds > 0 && results[2].exposedSeconds > 0)
    }
  }
}
