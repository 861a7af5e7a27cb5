import Foundation
import TestSupport
import Testing

extension Trainings {
  /// The same bits on any number of ranks, resumed or not, overlapped or not, on every instruction set.
  @Suite struct SameBitsTests {
    @Test(arguments: 2...8) func maskedPretraining(ranks: Int) throws {
      let (experiment, reference) = (try Experiment.masked.get(), try Experiment.maskedReference.get())
      let run = try experiment.run(ranks: ranks)
      try run.expectSameBits(as: reference, at: 30, "\(ranks) ranks")
      // Eight lanes on five ranks are two on most: no plan can do better.
      let most = (experiment.lanes + ranks - 1) / ranks
      if most * ranks * 5 < experiment.lanes * 6 { try experiment.expectSharedWork(try run.steps, ranks: ranks) }
      for name in ["encoder.safetensors", "config.json"] {
        let difference = try firstDifference(run.path + "/encoder/" + name, reference.path + "/encoder/" + name)
        #expect(difference == nil, "\(name) on \(ranks) ranks")
      }
    }

    @Test(arguments: [(1, 2), (1, 3), (2, 2), (3, 2)]) func threads(ranks: Int, threads: Int) throws {
      let run = try Experiment.masked.get().run(ranks: ranks, ["--threads", "\(threads)"])
      let what = "\(ranks) ranks of \(threads) threads"
      try run.expectSameBits(as: try Experiment.maskedReference.get(), at: 30, what)
    }

    @Test(arguments: [2, 4]) func overTCP(ranks: Int) throws {
      let run = try Experiment.masked.get().run(ranks: ranks, environment: ["OMPI_MCA_btl": "tcp,self"])
      try run.expectSameBits(as: try Experiment.maskedReference.get(), at: 30, "\(ranks) ranks over TCP")
    }

    @Test func sixteenLanesHaveBitsOfTheirOwn() throws {
      let (experiment, reference) = (try Experiment.masked.get(), try Experiment.maskedReference.get())
      let lanes = ["--set", "batch.lanes=16"]
      let alone = try experiment.run(lanes)
      #expect(try firstDifference(alone.model(30), reference.model(30)) != nil, "16 lanes gave the bits of 8")
      for (ranks, threads) in [(2, 2), (5, 1), (16, 1)] {
        let run = try experiment.run(ranks: ranks, lanes + ["--threads", "\(threads)"])
        try run.expectSameBits(as: alone, at: 30, "16 lanes on \(ranks) ranks of \(threads) threads")
      }
    }

    /// Longer: every objective and encoder on every number of ranks (`launch/test --long`).
    @Test(
      .enabled(
        if: ProcessInfo.processInfo.environment["LOCKSTEP_LONG_TESTS"] != nil, "a long form: launch/test --long runs it"
      ))
    func everythingEverywhere() throws {
      let masked = try Experiment.masked.get()
      let models = [
        ("categories, strided", masked.model),
        (
          "reals, values",
          "model: {input: {kind: reals, normalise: sequence}, encoder: {kind: resnet, width: 12, blocks: 2}}\n"
            + "objective: {kind: masked, target: values}"
        ),
        (
          "spectra",
          "model: {input: {kind: reals, normalise: dataset}, encoder: {kind: resnet, width: 16, "
            + "stem: {kernel: 8, stride: 4}, blocks: [{stride: 2}], activation: gelu}}\n"
            + "objective: {kind: masked, target: spectrum, span: 1}"
        ),
        (
          "bfloat16, values",
          "precision: bfloat16\nmodel: {input: {kind: reals, normalise: sequence}, encoder: {kind: resnet, width: 9, "
            + "blocks: [{stride: 2, dilation: 2}, {}]}}\nobjective: {kind: masked, target: values, span: 2}"
        ),
        (
          "contrastive windows of categories, tcn",
          "model: {input: {kind: categories}, encoder: {kind: tcn, width: 12, levels: 3, dropout: 0.1, "
            + "stem: {kernel: 4, stride: 2}}}\nobjective: {kind: contrastive, window: 48, within: 24, pieces: 2}"
        ),
        (
          "contrastive views of reals",
          "model: {input: {kind: reals, normalise: sequence}, encoder: {kind: resnet, width: 16, blocks: [{stride: 2}]}, "
            + "pool: max}\nobjective: {kind: contrastive, crop: 0.6, jitter: 0.2, scaling: 0.1, mask: 0.1, pieces: 3}"
        ),
        (
          "next, causal",
          "model: {input: {kind: categories}, encoder: {kind: resnet, width: 16, blocks: 2, causal: true}}\n"
            + "objective: {kind: next}"
        ),
      ]
      let recurrent = ["lstm", "gru"].map {
        (
          $0,
          "model: {input: {kind: categories}, encoder: {kind: \($0), width: 12, bidirectional: true, layers: 2}}\n"
            + "objective: {kind: masked}"
        )
      }
      let reals = try PlainDataset.waves(lengths: someLengths(80, 40...400)).write()
      for (name, model) in models + recurrent {
        var experiment = masked
        (experiment.model, experiment.steps) = (model, 12)
        // Category data has categories for targets; these two need reals.
        if model.contains("target:") { experiment.data = reals }
        let alone = try experiment.run()
        for ranks in 2...8 {
          let run = try experiment.run(ranks: ranks, ["--threads", "\(1 + ranks % 2)"])
          try run.expectSameBits(as: alone, at: 12, "\(name) on \(ranks) ranks")
        }
      }
      let classified = try Experiment.classified.get()
      for ranks in 2...8 {
        let run = try classified.run(ranks: ranks, ["--threads", "\(2 - ranks % 2)"])
        try run.expectSameBits(as: try Experiment.classifiedReference.get(), at: 24, "classify on \(ranks) ranks")
      }
    }

    @Test func theReferenceIsNoToy() throws {
      let (experiment, reference) = (try Experiment.masked.get(), try Experiment.maskedReference.get())
      #expect(try reference.steps.map(\.step) == Array(1...30))
      try experiment.expectSharedWork(try reference.steps, ranks: 1)
      try experiment.expectLearning(reference)
      let other = try experiment.run(ranks: 2, ["--seed", "4"])
      #expect(try firstDifference(other.model(30), reference.model(30)) != nil, "another seed gave the same weights")
      let again = try experiment.run(["--seed", "4"])
      try again.expectSameBits(as: other, at: 30, "seed 4 on one rank and on two")
    }

    @Test(arguments: [(2, 3), (8, 1), (3, 4)]) func stoppedAndResumedOnOtherRanks(first: Int, second: Int) throws {
      let (experiment, reference) = (try Experiment.masked.get(), try Experiment.maskedReference.get())
      let run = try experiment.run(ranks: first, ["--stop-after", "15"], expecting: 75)
      #expect(try run.steps.map(\.step) == Array(1...15))
      #expect(run.step(of: "latest") == 15)
      #expect(!exists(run.path + "/encoder"), "an encoder was published before the end")
      try experiment.run(ranks: second, into: run.path)
      try run.expectSameBits(as: reference, at: 30, "stopped on \(first) ranks, resumed on \(second)")
      try experiment.expectSharedWork(Array(try run.steps.suffix(15)), ranks: second)
    }

    @Test func sequencesComparedWithEachOther() throws {
      var experiment = try Experiment.masked.get()
      experiment.model = """
        model: {input: {kind: reals, normalise: sequence}, encoder: {kind: tcn, width: 12, levels: 3, dropout: 0.1}}
        objective: {kind: contrastive, window: 40, within: 20, jitter: 0.1, pieces: 2}
        """
      let alone = try experiment.run()
      try experiment.expectLearning(alone)
      for (ranks, threads) in [(2, 1), (3, 1), (8, 1), (2, 2)] {
        let run = try experiment.run(ranks: ranks, ["--threads", "\(threads)"])
        try run.expectSameBits(as: alone, at: experiment.steps, "\(ranks) ranks of \(threads) threads")
      }
    }

    @Test func windowsLongerThanASequence() throws {
      var experiment = try Experiment.masked.get()
      experiment.model = """
        model: {input: {kind: reals}, encoder: {kind: tcn, width: 8, levels: 2}}
        objective: {kind: contrastive, window: 500}
        """
      let line = "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(Workplace.place("run"))"
      try refused(
        line, ranks: 2, code: 64, saying: "objective.window: 500 is more than sequence ", "a smaller number")
    }

    @Test func sequencesComparedInGroupsAndOnEmptyRanks() throws {
      var experiment = try Experiment.masked.get()
      // 150 sequences are validated, in three groups; three train at a step, on eight ranks.
      experiment.data = Workplace.place("many")
      try lockstep("data generate \(experiment.data) --sequences 1500 --lengths 40..80 --seed 2")
      experiment.model = """
        model: {input: {kind: categories}, encoder: {kind: tcn, width: 8, levels: 2}}
        objective: {kind: contrastive, window: 32, within: 8}
        """
      (experiment.sequences, experiment.steps, experiment.validateEvery) = (3, 8, 8)
      let alone = try experiment.run()
      for (ranks, threads) in [(8, 1), (3, 2)] {
        let run = try experiment.run(ranks: ranks, ["--threads", "\(threads)"])
        try run.expectSameBits(as: alone, at: 8, "\(ranks) ranks of \(threads) threads")
      }
    }

    @Test func classification() throws {
      try expectSameBits(try Experiment.classified.get(), on: [3, 8])
    }

    @Test func inBfloat16() throws {
      let experiment = try Experiment.masked.get()
      let bfloat16 = ["--set", "precision=bfloat16"]
      let alone = try experiment.run(bfloat16)
      let difference = try firstDifference(alone.model(30), try Experiment.maskedReference.get().model(30))
      #expect(difference != nil, "bfloat16 gave the bits of float32")
      for (ranks, threads) in [(1, 2), (2, 1), (3, 1), (3, 2)] {
        let run = try experiment.run(ranks: ranks, bfloat16 + ["--threads", "\(threads)"])
        try run.expectSameBits(as: alone, at: 30, "bfloat16 on \(ranks) ranks of \(threads) threads")
      }
      let run = try experiment.run(ranks: 2, bfloat16 + ["--stop-after", "15"], expecting: 75)
      try refused(
        "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(run.path)", code: 64,
        saying: "precision: bfloat16 → float32")
      try experiment.run(ranks: 3, into: run.path, bfloat16)
      try run.expectSameBits(as: alone, at: 30, "bfloat16 stopped on 2 ranks, resumed on 3")
    }

    @Test func theNextValueOfACausalEncoder() throws {
      var experiment = try Experiment.masked.get()
      experiment.model = """
        model:
          input: {kind: categories}
          encoder: {kind: resnet, width: 16, kernel: 3, blocks: 2, causal: true}
          pool: last
        objective: {kind: next}
        """
      experiment.steps = 10
      try expectSameBits(experiment, on: [2])
    }

    @Test func spectraOfReals() throws {
      // By way of the importer of JSON lines; two features, normalised by the data set's moments.
      let waves = PlainDataset.waves(lengths: someLengths(80, 40...400), features: 2)
      let lines = try zip(waves.sequences, zip(waves.labels!, waves.splits!)).map { values, annotation in
        let rows = stride(from: 0, to: values.count, by: 2).map { [Double(values[$0]), Double(values[$0 + 1])] }
        let object: [String: Any] = [
          "values": rows, "label": waves.classes[Int(annotation.0)],
          "split": ["train", "validation", "test"][Int(annotation.1)],
        ]
        return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
      }
      let source = try Workplace.file("waves.jsonl", lines.joined(separator: "\n"))
      let data = Workplace.place("waves")
      try lockstep("data import \(source) \(data) --format jsonl")
      var experiment = Experiment(
        data: data,
        model: """
          model:
            input: {kind: reals, normalise: dataset}
            encoder: {kind: resnet, width: 16, stem: {kernel: 8, stride: 4}, blocks: [{stride: 2}], activation: gelu}
          objective: {kind: masked, target: spectrum, span: 1}
          """)
      experiment.steps = 10
      try expectSameBits(experiment, on: [2, 3])
    }

    /// Runs an experiment on one rank and on others.
    private func expectSameBits(_ experiment: Experiment, on numbers: [Int]) throws {
      let reference = try experiment.run()
      try experiment.expectLearning(reference)
      for ranks in numbers {
        let run = try experiment.run(ranks: ranks)
        try run.expectSameBits(as: reference, at: experiment.steps, "\(ranks) ranks")
        try experiment.expectSharedWork(try run.steps, ranks: ranks)
      }
      let other = try experiment.run(["--seed", "77"])
      #expect(try firstDifference(other.model(experiment.steps), reference.model(experiment.steps)) != nil)
    }

    @Test func overlappedOrNot() throws {
      // Wide enough for several buckets of gradients.
      var experiment = try Experiment.masked.get()
      experiment.model = """
        model:
          input: {kind: reals, normalise: sequence}
          encoder: {kind: resnet, width: 96, kernel: 5, stem: {kernel: 8, stride: 8}, blocks: 3}
        objective: {kind: masked, span: 1}
        """
      experiment.steps = 4
      let runs = try ["true", "false"].map { try experiment.run(ranks: 2, ["--set", "training.overlap=\($0)"]) }
      let alone = try experiment.run()
      try runs[0].expectSameBits(as: alone, at: 4, "two ranks with overlap")
      try runs[1].expectSameBits(as: alone, at: 4, "two ranks without overlap")
      try experiment.expectSharedWork(try runs[0].steps, ranks: 2)
    }

    @Test(arguments: ["gradients:1", "statistics:1"]) func aRankLeftOutIsSeen(dropped: String) throws {
      let (experiment, reference) = (try Experiment.masked.get(), try Experiment.maskedReference.get())
      let run = try experiment.run(ranks: 2, environment: ["LOCKSTEP_TEST_DROP": dropped])
      #expect(try run.difference(from: reference, at: 30) != nil, "\(dropped): the weights are the same")
      #expect(try run.metricsDifference(from: reference) != nil, "\(dropped): the metrics are the same")
    }
  }
}

extension TrainedRun {
  /// The path of a step's weights.
  func model(_ step: Int) -> String { checkpoint(step) + "/model.safetensors" }
}
