import ArrayFiles
import Foundation
import SequenceData
import TestSupport
import Testing

extension Trainings {
  /// What is done with a trained model: evaluate, predict, embed, export.
  @Suite struct AfterTrainingTests {
    @Test func outputsAreEqualOnAnyNumberOfRanks() throws {
      let (run, data) = (try Experiment.classifiedReference.get(), try Experiment.generated.get())
      var outputs: [[String]] = []
      for ranks in 1...3 {
        let files = ["report.json", "predictions.csv", "embeddings.npy"].map { Workplace.place($0) }
        let model = "--model \(run.path) --data \(data)"
        try lockstep("evaluate \(model) --json \(files[0])", ranks: ranks)
        try lockstep("predict \(model) --out \(files[1])", ranks: ranks)
        try lockstep("embed \(model) --out \(files[2])", ranks: ranks)
        outputs.append(files)
      }
      for (ranks, files) in outputs.enumerated().dropFirst() {
        for (file, alone) in zip(files, outputs[0]) {
          let difference = try firstDifference(file, alone)
          #expect(difference == nil, "\(file) on \(ranks + 1) ranks")
        }
      }
      let dataset = try SequenceDataset(at: data)
      let embeddings = try NPYFile(at: outputs[0][2])
      #expect(embeddings.shape == [dataset.count, 16])
      #expect(embeddings.element == .float32)
    }

    @Test func aSequenceAloneGivesTheSameBitsAsAmongOthers() throws {
      let (run, data) = (try Experiment.classifiedReference.get(), try Experiment.generated.get())
      let dataset = try SequenceDataset(at: data)
      let many = try predictions(of: run.path, on: data)
      #expect(many.count == dataset.count)
      for id in [0, 17, dataset.count - 1] {
        var values = [Float](repeating: 0, count: dataset.length(of: id))
        try values.withUnsafeMutableBufferPointer { try dataset.copyValues(of: id, into: $0) }
        let one = PlainDataset(categories: 41, classes: dataset.classes, sequences: [values])
        let alone = try predictions(of: run.path, on: try one.write("alone"))
        #expect(alone.count == 1 && alone[0].id == 0)
        #expect(alone[0].columns == many[id].columns, "sequence \(id) of \(values.count) timesteps")
      }
    }

    @Test func theReportIsWhatPredictionsGive() throws {
      let (run, data) = (try Experiment.classifiedReference.get(), try Experiment.generated.get())
      let dataset = try SequenceDataset(at: data)
      let file = Workplace.place("report.json")
      let shown = try lockstep("evaluate --model \(run.path) --data \(data) --split train --json \(file)")
      let predicted = try predictions(of: run.path, on: data, "--split train")
      let labelled = predicted.filter { dataset.label(of: $0.id) != nil }
      #expect(labelled.count < predicted.count, "this test wants sequences without labels too")
      #expect(predicted.map(\.id) == (0..<dataset.count).filter { dataset.split(of: $0) == .train })

      let classes = dataset.classes
      var confusion = [[Int]](repeating: [0, 0, 0], count: 3)
      var loss = 0.0
      for line in labelled {
        let truth = dataset.label(of: line.id)!
        confusion[truth][classes.firstIndex(of: line.class)!] += 1
        loss -= log(line.probabilities[truth])
        #expect(abs(line.probabilities.reduce(0, +) - 1) < 1e-6, "sequence \(line.id)")
        let largest = line.probabilities.indices.max { line.probabilities[$0] < line.probabilities[$1] }!
        #expect(line.class == classes[largest], "sequence \(line.id)")
      }
      #expect(Set(confusion.flatMap(\.self)).count > 2, "the classifier tells too little to test with: \(confusion)")

      let report = try #require(try JSONSerialization.jsonObject(with: try bytes(file)) as? [String: Any])
      #expect(
        Set(report.keys) == ["sequences", "loss", "accuracy", "macroF1", "perClass", "confusion"], "\(report.keys)")
      #expect(report["sequences"] as? Int == labelled.count)
      #expect(report["confusion"] as? [[Int]] == confusion)
      let correct = (0..<3).reduce(0) { $0 + confusion[$1][$1] }
      #expect(close(report["accuracy"], Double(correct) / Double(labelled.count)))
      #expect(close(report["loss"], loss / Double(labelled.count), within: 1e-6))
      let perClass = try #require(report["perClass"] as? [[String: Any]])
      #expect(perClass.map { $0["class"] as? String } == classes)
      var f1s: [Double] = []
      for (index, entry) in perClass.enumerated() {
        #expect(Set(entry.keys) == ["class", "precision", "recall", "f1", "support"], "\(entry.keys)")
        let hits = Double(confusion[index][index])
        let (told, support) = (confusion.reduce(0) { $0 + $1[index] }, confusion[index].reduce(0, +))
        #expect(entry["support"] as? Int == support)
        let (precision, recall) = (told == 0 ? 0 : hits / Double(told), hits / Double(support))
        #expect(close(entry["precision"], precision))
        #expect(close(entry["recall"], recall))
        f1s.append(hits == 0 ? 0 : 2 * precision * recall / (precision + recall))
        #expect(close(entry["f1"], f1s[index]))
      }
      #expect(close(report["macroF1"], f1s.reduce(0, +) / 3))
      #expect(shown.output.contains("\(labelled.count) sequences"), "\(shown.output)")
    }

    private func close(_ value: Any?, _ expected: Double, within tolerance: Double = 1e-12) -> Bool {
      (value as? Double).map { abs($0 - expected) <= tolerance } ?? false
    }

    @Test func anExportHoldsTheChosenWeights() throws {
      let run = try Experiment.classifiedReference.get()
      let best = try #require(run.step(of: "best"))
      let out = Workplace.place("exported")
      let said = try lockstep("export --model \(run.path) --out \(out)")
      #expect(said.output.contains("best checkpoint, step \(best)"), "\(said.output)")
      #expect(try SafetensorsFile(path: out + "/model.safetensors").tensors() == run.tensors(best))
      #expect(try SafetensorsFile(path: out + "/model.safetensors").metadata == ["format": "pt"])
      // What was exported can be embedded with, and fine-tuned from.
      let encoder = try SafetensorsFile(path: out + "/encoder/encoder.safetensors").tensors()
      #expect(
        encoder.map { "encoder." + $0.name } == (try run.tensors(best)).map(\.name).filter { $0.hasPrefix("encoder.") })
      let file = Workplace.place("embeddings.npy")
      let data = try Experiment.generated.get()
      try lockstep("embed --model \(out)/encoder --data \(data) --out \(file)")
      let direct = Workplace.place("embeddings.npy")
      try lockstep("embed --model \(run.path) --data \(data) --out \(direct)")
      #expect(try firstDifference(file, direct) == nil)
    }

    @Test func whichWeightsAreUsedIsSaid() throws {
      let (run, data) = (try Experiment.classifiedReference.get(), try Experiment.generated.get())
      let best = try #require(run.step(of: "best"))
      let values = try run.rows.filter { $0.kind == "validation" }
      #expect(best == values.last { $0.isBest == true }?.step)
      let evaluate = "evaluate --model \(run.path) --data \(data)"
      #expect(try lockstep(evaluate).errors.contains("best checkpoint, step \(best)"))
      #expect(try lockstep(evaluate + " --checkpoint latest").errors.contains("latest checkpoint, step 24"))
      #expect(try lockstep(evaluate + " --checkpoint \(run.checkpoint(10))").errors.contains(run.checkpoint(10)))

      // Without validation there is no best.
      var experiment = try Experiment.classified.get()
      experiment.validateEvery = 0
      let plain = try experiment.run()
      #expect(plain.step(of: "best") == nil)
      #expect(try plain.rows.allSatisfy { $0.kind == "train" })
      let said = try lockstep("evaluate --model \(plain.path) --data \(data)")
      #expect(said.errors.contains("latest checkpoint, step 24"), "\(said.errors)")
    }

    @Test func anUnfinishedRunIsNotTakenUnasked() throws {
      let data = try Experiment.generated.get()
      let run = try Experiment.classified.get().run(["--stop-after", "6"], expecting: 75)
      for command in ["evaluate", "predict --out x.csv", "embed --out x.npy"] {
        try refused(
          "\(command) --model \(run.path) --data \(data)", code: 66, saying: "not finished", "--checkpoint latest")
      }
      try refused("export --model \(run.path) --out \(Workplace.place("x"))", code: 66, saying: "not finished")
      let said = try lockstep("evaluate --model \(run.path) --data \(data) --checkpoint latest", ranks: 2)
      #expect(said.errors.contains("latest checkpoint, step 6"), "\(said.errors)")
    }

    /// A line of predictions.
    struct Prediction {
      var id: Int
      var `class`: String
      /// Class and probabilities as they stand there.
      var columns: [String]
      var probabilities: [Double] { columns.dropFirst().map { Double($0) ?? .nan } }
    }

    private func predictions(of run: String, on data: String, _ more: String = "") throws -> [Prediction] {
      let file = Workplace.place("predictions.csv")
      try lockstep("predict --model \(run) --data \(data) --out \(file) \(more)")
      let lines = try text(file).split(separator: "\n")
      #expect(lines.first == "id,class,p_0,p_1,p_2")
      return lines.dropFirst().map { line in
        let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        return Prediction(id: Int(fields[0]) ?? -1, class: fields[1], columns: Array(fields.dropFirst()))
      }
    }
  }
}

extension Experiment {
  /// Runs on one rank with further arguments.
  @discardableResult func run(
    _ more: [String], expecting code: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> TrainedRun {
    try run(ranks: 1, into: nil, more, expecting: code, sourceLocation: sourceLocation)
  }
}
