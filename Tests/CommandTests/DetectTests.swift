import ArrayFiles
import Foundation
import TestSupport
import Testing

extension Trainings {
  /// Anomalies found by a model that was trained on one class alone.
  @Suite struct DetectTests {
    private static let waves = Result {
      try small(90).write("waves")
    }

    /// Waves of small values, by whose deviation the largest numbers overflow.
    private static func small(_ count: Int) -> PlainDataset {
      var made = PlainDataset.waves(lengths: someLengths(count, 40...100), features: 2)
      made.sequences = made.sequences.map { $0.map { 0.001 * $0 } }
      return made
    }

    private static func experiment(_ objective: String, classes: String = ", classes: [slow]") throws -> Experiment {
      var experiment = Experiment(
        data: try waves.get(),
        model: """
          model: {input: {kind: reals, normalise: dataset}, encoder: {kind: resnet, width: 16, blocks: [{stride: 4}]}}
          objective: \(objective)
          """)
      experiment.steps = 60
      experiment.validateEvery = 20
      experiment.more = classes
      return experiment
    }

    private static let autoencoder = Result { try experiment("{kind: autoencode, code: 2, hidden: 16}") }
    private static let trained = Result { try autoencoder.get().run() }

    private struct Found {
      let out, table: String
      let report: [String: Any]
      let printed: String
    }

    private func detect(_ model: String, _ more: String, data: String? = nil, ranks: Int = 1) throws -> Found {
      let out = Workplace.place("found")
      let said = try lockstep(
        "detect --model \(model) --data \(try data ?? Self.waves.get()) --out \(out) \(more)", ranks: ranks)
      #expect(try names(out) == ["detection.json", "scores.csv"])
      let report = try JSONSerialization.jsonObject(with: try bytes(out + "/detection.json")) as? [String: Any]
      return Found(
        out: out, table: try text(out + "/scores.csv"), report: try #require(report), printed: said.output)
    }

    @Test func trainingOnOneClassSeesNoOther() throws {
      let (experiment, reference) = (try Self.autoencoder.get(), try Self.trained.get())
      // 90 sequences: a third is slow, of those three fifths are for training.
      #expect(try reference.steps.first?.sequences == 18)
      for ranks in [2, 3] {
        try experiment.run(ranks: ranks).expectSameBits(as: reference, at: 60, "\(ranks) ranks")
      }
      // The other classes' values change nothing, moments included.
      var other = Self.small(90)
      for index in other.sequences.indices where other.labels![index] != 0 {
        other.sequences[index] = other.sequences[index].map { 3 * $0 + 100 }
      }
      var changed = experiment
      changed.data = try other.write("changed")
      #expect(try changed.run().tensors(60) == reference.tensors(60))
      try refused(
        "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(Workplace.place("run"))",
        ["--set", "training.classes=[slow, sow]"], ranks: 2, code: 64, saying: "training.classes",
        "has no class 'sow'; it has slow, middle, fast")
    }

    @Test(arguments: ["reconstruction", "distance"]) func sameBytesOnAnyNumberOfRanks(score: String) throws {
      let run = try Self.trained.get()
      let one = try detect(run.path, "--score \(score) --threshold quantile:0.9")
      for ranks in [2, 3] {
        let many = try detect(run.path, "--score \(score) --threshold quantile:0.9", ranks: ranks)
        #expect(many.table == one.table && many.printed == one.printed, "\(ranks) ranks")
        #expect(try bytes(many.out + "/detection.json") == bytes(one.out + "/detection.json"), "\(ranks) ranks")
      }
      let lines = one.table.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
      #expect(lines[0] == ["id", "score", "anomaly", "class"] && lines.count == 19)
      #expect(lines[1][0] == "0" && lines[1][3] == "slow" && lines[2][0] == "5" && lines[2][3] == "fast")
      let threshold = try #require(one.report["threshold"] as? Double)
      for line in lines.dropFirst() { #expect((Double(line[1])! > threshold) == (line[2] == "1"), "\(line)") }
      #expect(one.report["trainingSequences"] as? Int == 18 && one.report["normal"] as? [String] == ["slow"])
      #expect(one.report["rocAUC"] as? Double ?? 0 > 0.8, "\(one.report)")
      let confusion = try #require(one.report["confusion"] as? [[Int]])
      #expect(confusion.map { $0.reduce(0, +) } == [6, 12], "\(confusion)")
      #expect(one.printed.contains("ROC AUC") && one.printed.contains("anomalous"), "\(one.printed)")
    }

    @Test func thresholdsAndClassesAsAsked() throws {
      let run = try Self.trained.get()
      let all = try detect(run.path, "--threshold quantile:1 --split train --normal slow")
      let slow = try #require((all.report["perClass"] as? [[String: Any]])?.first)
      #expect(slow["class"] as? String == "slow" && slow["flagged"] as? Int == 0, "\(slow)")
      let labels = try detect(run.path, "--threshold labels --split validation", ranks: 2)
      let best = try #require(labels.report["f1"] as? Double)
      for rule in ["deviations:0", "deviations:3", "quantile:0.5"] {
        let other = try detect(run.path, "--threshold \(rule) --split validation")
        #expect(other.report["f1"] as? Double ?? 0 <= best, "\(rule)")
        #expect(other.report["rocAUC"] as? Double == labels.report["rocAUC"] as? Double)
      }
      let value = try detect(run.path, "--threshold value:-1 --normal slow,fast")
      #expect(value.report["flagged"] as? Int == 18 && value.report["recall"] as? Double == 1)
      #expect(value.report["trainingSequences"] as? Int == 0)
    }

    @Test func withoutNormalClassesScoresAreToldAndNoMore() throws {
      let masked = try Experiment.maskedReference.get()
      let data = try Experiment.generated.get()
      let found = try detect(masked.path, "--score distance", data: data, ranks: 2)
      #expect(found.report["f1"] is NSNull && found.report["rocAUC"] is NSNull)
      #expect(found.printed.contains("no class is known to be normal (--normal)"), "\(found.printed)")
      // One kind alone has no areas.
      let alone = try detect(masked.path, "--score distance --normal class-0,class-1,class-2", data: data)
      #expect(alone.printed.contains("ROC AUC undefined"), "\(alone.printed)")
    }

    @Test func whatCannotBeDetectedIsRefused() throws {
      let (run, data) = (try Self.trained.get(), try Self.waves.get())
      let (masked, generated) = (try Experiment.maskedReference.get(), try Experiment.generated.get())
      let out = Workplace.place("found")
      let start = "detect --model \(run.path) --data \(data) --out \(out)"
      try refused(
        "detect --model \(masked.path) --data \(generated) --out \(out)", ranks: 2, code: 64, saying: masked.path,
        "objective.kind: masked", "autoencode or denoise, or detect with --score distance")
      try refused(
        "detect --model \(masked.path) --data \(generated) --out \(out) --score distance --threshold labels", code: 64,
        saying: "--threshold labels: which classes are normal? Name them with --normal")
      try refused(start + " --normal sluw", ranks: 2, code: 64, saying: "--normal", "no class 'sluw'")
      try refused(
        start + " --threshold quantile:2", code: 64, saying: "--threshold quantile:2: expected quantile:SHARE")
      try refused(start + " --score neighbours", code: 64, saying: "--score neighbours: expected")
      try refused(
        start + " --normal slow,middle,fast --threshold labels", code: 65, saying: "needs normal and anomalous",
        "18 and 0")
      try refused(
        "detect --model \(run.path) --data \(data) --out \(run.path)", code: 64, saying: "is not an empty folder")
      #expect(!exists(out))

      var few = Self.small(9)
      few.splits = few.splits!.map { _ in 2 }
      let untrained = try few.write("untrained")
      try refused(
        "detect --model \(run.path) --data \(untrained) --out \(out)", ranks: 2, code: 65, saying: untrained,
        "no sequence of class slow is in the training split")
      _ = try detect(run.path, "--threshold value:1", data: untrained)

      few.sequences[4][3] = 3e38
      let huge = try few.write("huge")
      try refused(
        "detect --model \(run.path) --data \(huge) --out \(out) --threshold value:1", ranks: 2, code: 65,
        saying: "\(huge): sequence 4: its score is")
      #expect(!exists(out))
    }
  }
}
