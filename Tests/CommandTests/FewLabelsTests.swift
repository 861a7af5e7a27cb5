import ArrayFiles
import Foundation
import SequenceData
import TestSupport
import Testing

extension Trainings {
  /// What follows pretraining: fine-tuning and probing, on parts of the labels and of the data.
  @Suite struct FewLabelsTests {
    /// Fine-tunes the masked reference's encoder.
    private func finetune(
      _ more: [String] = [], encoder: String? = nil, ranks: Int = 1
    ) throws -> (run: TrainedRun, said: String) {
      let experiment = try Experiment.masked.get()
      let run = TrainedRun(path: Workplace.place("tuned"))
      let encoder = try encoder ?? Experiment.maskedReference.get().path
      let said = try lockstep(
        "finetune \(try experiment.recipe) --data \(experiment.data) --encoder \(encoder) --out \(run.path)",
        ["--set", "training.steps=6", "--set", "training.validateEvery=3"] + more, ranks: ranks)
      return (run, said.errors)
    }

    @Test func fineTuningBeginsAtTheEncoderAndChangesIt() throws {
      let pretrained = try Experiment.maskedReference.get()
      let encoder = try SafetensorsFile(path: pretrained.path + "/encoder/encoder.safetensors")
      let (run, _) = try finetune()
      for tensor in try run.tensors(6) where tensor.name.hasPrefix("encoder.") {
        let before = try encoder.tensor(String(tensor.name.dropFirst("encoder.".count)))
        #expect(before.elements != tensor.elements, "\(tensor.name) did not change")
      }
      #expect(try run.tensors(6).map(\.name).contains("head.weight"))
      #expect(try !run.tensors(6).contains { $0.name.hasPrefix("objective.") })
      // The folder RUN/encoder is as good as RUN, and so is any number of ranks.
      let (other, _) = try finetune(encoder: pretrained.path + "/encoder", ranks: 3)
      try other.expectSameBits(as: run, at: 6, "from the encoder folder, on three ranks")
    }

    @Test func aProbeLeavesTheEncoderAlone() throws {
      let pretrained = try Experiment.maskedReference.get()
      let encoder = try SafetensorsFile(path: pretrained.path + "/encoder/encoder.safetensors")
      let (run, _) = try finetune(["--probe"], ranks: 2)
      let tensors = try run.tensors(6)
      for tensor in tensors where tensor.name.hasPrefix("encoder.") {
        let before = try encoder.tensor(String(tensor.name.dropFirst("encoder.".count)))
        #expect(before.elements == tensor.elements, "\(tensor.name) changed")
      }
      #expect(tensors.count { $0.name.hasPrefix("encoder.") } == encoder.entries.count)
      let first = try finetune(["--probe", "--stop-after", "6"]).run.tensors(6)
      #expect(first == tensors, "a probe on one rank and on two")
      let losses = try run.steps.compactMap(\.loss)
      #expect(losses[0] > losses[5], "the head learned nothing")
      let head = try #require(tensors.first { $0.name == "head.weight" })
      let untrained = try finetune(["--probe", "--set", "optimizer.learningRate=1e-30"]).run.tensors(6)
      #expect(untrained.first { $0.name == "head.weight" } != head)
    }

    @Test func aShareOfTheLabelsIsCounted() throws {
      let dataset = try SequenceDataset(at: try Experiment.generated.get())
      let perClass = dataset.classes.indices.map { label in
        (0..<dataset.count).count { dataset.split(of: $0) == .train && dataset.label(of: $0) == label }
      }
      for fraction in [0.01, 0.25, 0.6] {
        let expected = perClass.reduce(0) { $0 + max(1, Int((fraction * Double($1)).rounded())) }
        let (run, said) = try finetune(["--label-fraction", "\(fraction)", "--set", "training.steps=1"])
        #expect(said.contains("labels: \(expected) of "), "\(fraction): \(said)")
        #expect(try run.steps[0].sequences == min(expected, 24))
      }
    }

    @Test func aShareOfTheDataIsCounted() throws {
      let experiment = try Experiment.masked.get()
      let dataset = try SequenceDataset(at: experiment.data)
      let all = (0..<dataset.count).count { dataset.split(of: $0) == .train }
      for fraction in [0.1, 0.5] {
        let said = try lockstep(
          "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(Workplace.place("part"))"
            + " --data-fraction \(fraction) --set training.steps=1")
        let expected = Int((fraction * Double(all)).rounded())
        #expect(said.errors.contains("pretrain: \(expected) sequences"), "\(said.errors)")
      }
      let said = try lockstep(
        "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(Workplace.place("all"))"
          + " --include-splits train,validation,test --set training.steps=1")
      #expect(said.errors.contains("pretrain: \(dataset.count) sequences"), "\(said.errors)")
    }

    @Test func onlyTheTrainingSplitIsSeen() throws {
      // Whatever stands in the validation and test splits changes no weight and no fitted moment.
      let lengths = someLengths(40, 30...90)
      var waves = PlainDataset.waves(lengths: lengths)
      let first = try waves.write("first")
      for index in waves.sequences.indices where waves.splits![index] != 0 {
        waves.sequences[index] = waves.sequences[index].map { 100 - 3 * $0 }
      }
      let second = try waves.write("second")
      var experiment = Experiment(
        data: first,
        model: """
          model: {input: {kind: reals, normalise: dataset}, encoder: {kind: resnet, width: 8}}
          objective: {kind: masked}
          """)
      (experiment.steps, experiment.validateEvery) = (5, 0)
      let a = try experiment.run()
      experiment.data = second
      let b = try experiment.run()
      #expect(try firstDifference(a.model(5), b.model(5)) == nil)
      let config = try #require(
        try JSONSerialization.jsonObject(with: try bytes(a.path + "/encoder/config.json")) as? [String: Any])
      #expect("\(config)".contains("deviation"))
    }

    @Test func encodersThatDoNotFitAreRefused() throws {
      let experiment = try Experiment.masked.get()
      let pretrained = try Experiment.maskedReference.get()
      func line(_ encoder: String, _ data: String? = nil) throws -> String {
        "finetune \(try experiment.recipe) --data \(data ?? experiment.data) --encoder \(encoder)"
          + " --out \(Workplace.place("refused"))"
      }
      try refused(
        line(pretrained.path), ["--set", "model.encoder.blocks=[{width: 16, kernel: 5}, {width: 24}]"], ranks: 2,
        code: 64,
        saying: "model.encoder.blocks[0].kernel: 3 → 5", pretrained.path)
      try refused(line(pretrained.path) + " --set model.input.kind=reals", code: 64, saying: "model.input.kind")
      try refused(line(Workplace.place("nothing")), code: 66, saying: "nothing", "encoder")
      try refused(line(try experiment.recipe), code: 66, saying: "recipe.yaml", "encoder")

      let stopped = try experiment.run(["--stop-after", "3"], expecting: 75)
      try refused(line(stopped.path), code: 66, saying: stopped.path, "not finished", "--checkpoint latest")
      try lockstep(line(stopped.path) + " --checkpoint latest --set training.steps=1")

      let features = try PlainDataset.waves(lengths: [40, 50, 60, 70, 80, 90], features: 2, categories: 41).write("two")
      try refused(line(pretrained.path, features), ranks: 2, code: 65, saying: features, "2 features", "1")
      let reals = try PlainDataset.waves(lengths: [40, 50, 60, 70, 80, 90]).write("reals")
      try refused(line(pretrained.path, reals), code: 65, saying: reals, "reals", "41 categories")
      let more = try PlainDataset.waves(lengths: [40, 50, 60, 70, 80, 90], categories: 50).write("more")
      try refused(line(pretrained.path, more), code: 65, saying: more, "50 categories", "41")

      // Weights that are not those of the description beside them.
      let broken = try Workplace.copy(pretrained.path + "/encoder")
      try flipBit(broken + "/encoder.safetensors", at: -3)
      try refused(line(broken), ranks: 2, code: 65, saying: "encoder.safetensors", "SHA-256")
    }
  }
}
