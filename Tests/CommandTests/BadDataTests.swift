import ArrayFiles
import Foundation
import SequenceData
import TestSupport
import Testing

extension Trainings {
  /// Data that is wrong: a sentence with file, sequence and position, its code, and nothing lost.
  @Suite struct BadDataTests {
    /// A small data set of reals that a test may break.
    private func waves(_ change: (inout PlainDataset) -> Void = { _ in }) throws -> String {
      var made = PlainDataset.waves(lengths: someLengths(60, 20...60))
      change(&made)
      return try made.write()
    }

    /// A small training on a data set of reals, four sequences a step.
    private func experiment(on data: String, command: String = "pretrain") -> Experiment {
      var made = Experiment(
        data: data,
        model: """
          model: {input: {kind: reals}, encoder: {kind: resnet, width: 8}}
          objective: {kind: \(command == "pretrain" ? "masked" : "classify")}
          """)
      made.command = command
      (made.sequences, made.steps, made.validateEvery, made.learningRate) = (4, 16, 0, 0.001)
      return made
    }

    /// Expects a training to be refused before it begins, told once.
    private func refusedAtStart(
      _ data: String, ranks: Int = 1, code: Int32, saying words: String...,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let recipe = try experiment(on: data).recipe
      let out = Workplace.place("refused")
      let result = try lockstep(
        "pretrain \(recipe) --data \(data) --out \(out)", ranks: ranks, expecting: code, sourceLocation: sourceLocation)
      for word in words {
        #expect(
          result.errors.components(separatedBy: word).count == 2,
          "on \(ranks) ranks: expected \"\(word)\" once in: \(result.errors)", sourceLocation: sourceLocation)
      }
      #expect(!exists(out), "a RUN was begun", sourceLocation: sourceLocation)
    }

    @Test func shardsThatAreMissingOrCutOff() throws {
      let missing = try waves()
      try FileManager.default.removeItem(atPath: missing + "/values-00000.npy")
      try refusedAtStart(missing, code: 66, saying: "values-00000.npy")

      let truncated = try waves()
      let content = try bytes(truncated + "/values-00000.npy")
      try content.dropLast(10).write(to: URL(fileURLWithPath: truncated + "/values-00000.npy"))
      try refusedAtStart(truncated, ranks: 3, code: 65, saying: "cut off")
      try refused("data inspect \(truncated)", code: 65)

      try refusedAtStart(Workplace.place("nowhere"), code: 66, saying: "a data set is a folder that holds dataset.json")
      let noJSON = try waves()
      try Data("{\"format\": ".utf8).write(to: URL(fileURLWithPath: noJSON + "/dataset.json"))
      try refusedAtStart(noJSON, code: 65, saying: "is not JSON")
    }

    @Test func offsetsLabelsAndSplitsThatAreWrong() throws {
      let falling = try waves()
      try PlainDataset.patch(falling, "offsets-00000.npy", at: 2, Int64(3))
      try refusedAtStart(falling, code: 65, saying: "sequence 1 (entry 1 of this shard)", "they must rise")
      let empty = try waves()
      let first = try NPYFile(at: empty + "/offsets-00000.npy").value(at: 1, as: Int64.self)
      try PlainDataset.patch(empty, "offsets-00000.npy", at: 2, first)
      try refusedAtStart(empty, code: 65, saying: "sequence 1 (entry", "the sequence is empty", "remove it")
      let short = try waves()
      let end = try NPYFile(at: short + "/offsets-00000.npy").value(at: 60, as: Int64.self)
      try PlainDataset.patch(short, "offsets-00000.npy", at: 60, end - 1)
      try refusedAtStart(short, code: 65, saying: "sequence 59", "the offsets end at \(end - 1)")
      let labels = try waves()
      try PlainDataset.patch(labels, "labels-00000.npy", at: 7, Int32(3))
      try refusedAtStart(labels, ranks: 2, code: 65, saying: "labels-00000.npy: sequence 7", "the label is 3", "0..<3")
      let splits = try waves()
      try PlainDataset.patch(splits, "splits-00000.npy", at: 8, UInt8(3))
      try refusedAtStart(splits, code: 65, saying: "splits-00000.npy: sequence 8")
    }

    @Test(arguments: [(1, Float.nan), (2, Float.infinity)])
    func aValueThatIsNoNumberIsFoundWhenItIsTouched(ranks: Int, bad: Float) throws {
      try expectFoundWhenTouched(try waves(), ranks: ranks, bad: bad, expected: "expected a finite number")
    }

    @Test func aCategoryOutOfRangeIsFoundWhenItIsTouched() throws {
      let data = try PlainDataset.waves(lengths: someLengths(60, 20...60), categories: 12).write()
      try expectFoundWhenTouched(
        data, ranks: 3, bad: UInt8(12), expected: "the value is 12; expected a category, an integer in 0..<12")
    }

    /// Breaks a value that the seventh step is the first to touch, expects the training to end there within seconds,
    /// mends it, and expects the training to go on to what it would have been.
    private func expectFoundWhenTouched<Value: BitwiseCopyable>(
      _ data: String, ranks: Int, bad: Value, expected: String
    ) throws {
      let experiment = experiment(on: data)
      let clean = try experiment.run()
      let dataset = try SequenceDataset(at: data)
      let ids = (0..<dataset.count).filter { dataset.split(of: $0) == .train }
      let plan = Plan(
        lengths: ids.map { dataset.length(of: $0) }, ids: ids,
        bounds: BatchBounds(timesteps: experiment.timesteps, sequences: 4, lanes: 8), seed: 3, epoch: 0)
      #expect(plan.steps == 9)
      let id = plan.step(6).ids[0]
      let place = (0..<id).reduce(0) { $0 + dataset.length(of: $1) } + 5
      let file = "values-00000.npy"
      let good: Value = try NPYFile(at: data + "/" + file).value(at: place)
      try PlainDataset.patch(data, file, at: place, bad)

      let often = ["--set", "training.checkpointEvery=2"]
      let run = TrainedRun(path: Workplace.place("touched"))
      let said = try lockstep(
        "pretrain \(try experiment.recipe) --data \(data) --out \(run.path)", often, ranks: ranks, expecting: 65)
      #expect(said.seconds < 30, "\(said.summary)")
      for word in ["\(data)/\(file): sequence \(id), timestep 5, feature 0", expected] {
        #expect(said.errors.components(separatedBy: word).count == 2, "expected \"\(word)\" once: \(said.errors)")
      }
      #expect(try run.steps.last?.step ?? 0 <= 6, "a step was made with the bad value")
      #expect(try run.rows.allSatisfy { $0.loss?.isFinite ?? false })

      try PlainDataset.patch(data, file, at: place, good)
      try experiment.run(ranks: ranks, into: run.path, often)
      try run.expectSameBits(as: clean, at: 16, "after the value was mended")
    }

    @Test(arguments: [1, 2]) func aSealedSetThatWasChangedIsNoticed(ranks: Int) throws {
      let data = try PlainDataset.waves(lengths: someLengths(60, 20...60), categories: 12).write()
      try lockstep("data seal \(data)")
      let experiment = experiment(on: data)
      try experiment.run(ranks: ranks)
      // Another category, which only the seal can tell from the right one.
      let old: UInt8 = try NPYFile(at: data + "/values-00000.npy").value(at: 100)
      try PlainDataset.patch(data, "values-00000.npy", at: 100, (old + 1) % 12)
      try refused(
        "pretrain \(try experiment.recipe) --data \(data) --out \(Workplace.place("changed"))", ranks: ranks, code: 65,
        saying: "\(data)/values-00000.npy", "its SHA-256 is", "lockstep data seal")
      try refused("data inspect \(data)", code: 65)
      FaultLog.add("another byte in a sealed shard", "65, the shard named")
    }

    @Test func sequencesShorterThanTheReceptiveFieldWork() throws {
      let data = try PlainDataset.waves(lengths: (0..<60).map { 1 + $0 % 7 }, categories: 12).write()
      var experiment = experiment(on: data)
      experiment.model = """
        model:
          input: {kind: categories}
          encoder: {kind: resnet, stem: {kernel: 4, stride: 2}, width: 8, blocks: [{kernel: 9}, {kernel: 5, dilation: 8}]}
        objective: {kind: masked}
        """
      let alone = try experiment.run()
      #expect(try alone.steps.allSatisfy { $0.loss ?? 0 > 0 })
      let run = TrainedRun(path: Workplace.place("short"))
      let said = try lockstep("pretrain \(try experiment.recipe) --data \(data) --out \(run.path)", ranks: 3)
      #expect(said.errors.contains("the shortest sequence has 1 timestep, fewer than the receptive field"))
      try run.expectSameBits(as: alone, at: 16, "sequences shorter than the receptive field")
    }

    @Test func sequencesLongerThanTheBoundHaveTheirOwnStepAndAreSaidOnce() throws {
      let data = try PlainDataset.waves(lengths: [700, 900, 40, 800] + someLengths(56, 20...60)).write()
      var experiment = experiment(on: data)
      experiment.timesteps = 128
      experiment.steps = 60
      let run = TrainedRun(path: Workplace.place("long"))
      let said = try lockstep("pretrain \(try experiment.recipe) --data \(data) --out \(run.path)", ranks: 2)
      // The first two sequences are for testing and for validation; the fourth is trained on.
      let sentence = "1 sequence is longer than batch.timesteps (128)"
      #expect(said.errors.components(separatedBy: sentence).count == 2, "\(said.errors)")
      let long = try run.steps.filter { $0.timesteps ?? 0 > 128 }
      #expect(!long.isEmpty && long.allSatisfy { $0.timesteps == 800 && $0.sequences == 1 }, "\(long)")
    }

    @Test func modelsAndDataThatDoNotFit() throws {
      let (run, data) = (try Experiment.classifiedReference.get(), try Experiment.generated.get())
      let two = try waves { $0 = PlainDataset.waves(lengths: someLengths(30, 20...40), features: 2) }
      for command in ["evaluate", "predict --out x.csv", "embed --out x.npy"] {
        try refused(
          "\(command) --model \(run.path) --data \(two)", ranks: 2, code: 65, saying: two, "2 features",
          "made for 1: use data of the form of its pretraining")
      }
      let pretrained = try Experiment.maskedReference.get()
      try refused(
        "embed --out x.npy --model \(pretrained.path) --data \(try waves())", code: 65, saying: "holds reals",
        "41 categories")
      try refused(
        "evaluate --model \(pretrained.path) --data \(data)", code: 64, saying: "is a pretraining", "lockstep finetune")
      let more = try waves {
        $0.classes.append("fourth"); $0.labels![0] = 3
      }
      try refused(
        "evaluate --model \(run.path) --data \(more)", code: 65, saying: more + "/labels-00000.npy", "sequence 0",
        "\"fourth\"",
        "it knows 3: class-0, class-1, class-2")
    }

    @Test func labelsThatAreNotThere() throws {
      let none = try waves { $0.labels = nil }
      let experiment = experiment(on: none, command: "train")
      func line(_ data: String) throws -> String {
        "train \(try experiment.recipe) --data \(data) --out \(Workplace.place("labels"))"
      }
      try refused(
        line(none), ranks: 2, code: 65, saying: none, "no training sequence has a label to learn from",
        "lockstep pretrain")
      let lacking = try waves { $0.labels = $0.labels!.map { $0 == 1 ? -1 : $0 } }
      try refused(line(lacking) + " --label-fraction 0.5", code: 65, saying: lacking, "class middle")
      try lockstep(line(lacking) + " --set training.steps=1")
      try refused(line(try waves()) + " --label-groups 2", code: 64, saying: "0 groups")
      let one = try waves {
        $0.classes = ["only"]; $0.labels = $0.labels!.map { _ in 0 }
      }
      try refused(line(one), code: 64, saying: "at least two")

      let run = try Experiment.classifiedReference.get()
      let unlabelled = try waves { $0.labels = nil }
      try refused(
        "evaluate --model \(run.path) --data \(unlabelled)", ranks: 2, code: 65, saying: unlabelled,
        "no labelled sequence")
      let noTest = try waves { $0.splits = nil }
      try refused("evaluate --model \(run.path) --data \(noTest)", code: 65, saying: noTest, "split test")
      try refused(
        "predict --split validation --out x.csv --model \(run.path) --data \(noTest)", code: 65,
        saying: "split validation")
    }
  }
}
