import TestSupport
import Testing

extension Trainings {
  /// Training in bfloat16 beside training in float32.
  @Suite struct PrecisionTests {
    /// The mean loss of the last steps of a training, and the validation's at its end.
    private func losses(_ experiment: Experiment, _ precision: String, seed: Int) throws -> [Double] {
      let run = try experiment.run(["--set", "precision=\(precision)", "--seed", "\(seed)"])
      let last = try run.steps.suffix(5).compactMap(\.loss)
      #expect(last.count == 5, "\(precision), seed \(seed)")
      let validation = try #require(try run.rows.last { $0.kind == "validation" }?.loss)
      return [last.reduce(0, +) / 5, validation]
    }

    /// The mean over seeds, within what seeds differ by.
    @Test func aTrainingReachesTheSameLoss() throws {
      var experiment = try Experiment.masked.get()
      (experiment.steps, experiment.validateEvery) = (60, 60)
      let seeds = [1, 2, 3, 4]
      let full = try seeds.map { try losses(experiment, "float32", seed: $0) }
      let half = try seeds.map { try losses(experiment, "bfloat16", seed: $0) }
      for (index, name) in ["training", "validation"].enumerated() {
        let (a, b) = (full.map { $0[index] }, half.map { $0[index] })
        let noise = a.max()! - a.min()!
        let apart = (b.reduce(0, +) - a.reduce(0, +)) / Double(seeds.count)
        print("\(name) loss by seed, float32 \(a), bfloat16 \(b)")
        #expect(a != b, "bfloat16 changed nothing")
        #expect(abs(apart) < noise, "\(name): bfloat16 \(b) against float32 \(a)")
      }
    }
  }
}
