import ArrayFiles
import Foundation
import SequenceData
import TestSupport
import Testing

extension Commands {
  /// A trained model on other data than its own: classes are known by name, seals are checked, ranks must agree.
  @Suite struct UsedModelTests {
    /// Labelled sequences of the generated kind, all for testing.
    private func waves(classes: [String], _ change: (inout PlainDataset) -> Void = { _ in }) throws -> String {
      var made = PlainDataset.waves(lengths: someLengths(30, 64...128), categories: 41)
      made.classes = classes
      made.splits = made.splits!.map { _ in 2 }
      change(&made)
      return try made.write()
    }

    private func evaluation(of run: TrainedRun, _ data: String, ranks: Int = 1) throws -> NSDictionary {
      let file = Workplace.place("report.json")
      try lockstep("evaluate --model \(run.path) --data \(data) --json \(file)", ranks: ranks)
      return try #require(try JSONSerialization.jsonObject(with: try bytes(file)) as? NSDictionary)
    }

    @Test func classesAreKnownByNameNotByNumber() throws {
      let run = try Experiment.classifiedReference.get()
      let usual = try evaluation(of: run, try waves(classes: ["class-0", "class-1", "class-2"]))
      let turned = try waves(classes: ["class-2", "class-0", "class-1"]) {
        $0.labels = $0.labels!.map { ($0 + 1) % 3 }
      }
      #expect(try evaluation(of: run, turned, ranks: 2) == usual)
      // A set that lacks a class counts it with no support.
      let fewer = try waves(classes: ["class-2", "class-0"]) { $0.labels = $0.labels!.map { [1, -1, 0][Int($0)] } }
      let report = try evaluation(of: run, fewer)
      let (rows, all) = (report["confusion"] as? [[Int]], usual["confusion"] as? [[Int]])
      #expect(rows?.map { $0.reduce(0, +) } == [10, 0, 10])
      #expect(rows?[0] == all?[0] && rows?[2] == all?[2])

      let other = try waves(classes: ["class-0", "class-1", "unheard"])
      try refused(
        "evaluate --model \(run.path) --data \(other)", ranks: 2, code: 65,
        saying: "labels-00000.npy: sequence 2", "\"unheard\"", "it knows 3: class-0, class-1, class-2")
      try lockstep("predict --model \(run.path) --data \(other) --out \(Workplace.place("p.csv"))")
    }

    @Test(arguments: [1, 2]) func aChangedSealedSetIsNoticedBeforeAnythingIsWritten(ranks: Int) throws {
      let run = try Experiment.classifiedReference.get()
      let data = try waves(classes: ["class-0", "class-1", "class-2"])
      try lockstep("data seal \(data)")
      let old: UInt8 = try NPYFile(at: data + "/values-00000.npy").value(at: 100)
      try PlainDataset.patch(data, "values-00000.npy", at: 100, (old + 1) % 41)
      let folder = Workplace.place("outputs")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for command in ["evaluate --json \(folder)/r", "predict --out \(folder)/p", "embed --out \(folder)/e"] {
        let said = try refused(
          "\(command) --model \(run.path) --data \(data)", ranks: ranks, code: 65,
          saying: "\(data)/values-00000.npy", "its SHA-256 is")
        #expect(said.output.isEmpty, "\(said.output)")
        #expect(try names(folder) == [], "\(command)")
      }
    }

    @Test func ranksThatDoNotAgreeEndWith76() throws {
      let run = try Experiment.classifiedReference.get()
      let (one, two) = (
        try waves(classes: ["class-0", "class-1", "class-2"]),
        try waves(classes: ["class-0", "class-1", "class-2"]) { $0.labels![0] = 1 }
      )
      func expect(_ first: String, _ second: String, _ words: String) throws {
        let (a, b) = (first.split(separator: " ").map(String.init), second.split(separator: " ").map(String.init))
        let result = try MPIRun.run(
          ranks: 1, "lockstep", a + [":", "-n", "1", MPIRun.executable("lockstep")] + b)
        #expect(result.code == 76 && result.errors.contains(words), "\(words): \(result.summary)")
      }
      for command in ["evaluate", "predict --out \(Workplace.place("p"))", "embed --out \(Workplace.place("e"))"] {
        try expect(
          "\(command) --model \(run.path) --data \(one)", "\(command) --model \(run.path) --data \(two)", "The data set"
        )
        try expect(
          "\(command) --model \(run.path) --data \(one)",
          "\(command) --model \(run.path) --data \(one) --checkpoint \(run.checkpoint(10))", "The model")
      }
      let predict = "predict --out \(Workplace.place("p")) --model \(run.path) --data \(one)"
      try expect(predict, predict + " --split train", "The choice of sequences")
      let experiment = try Experiment.masked.get()
      let train = "pretrain \(try experiment.recipe) --data \(experiment.data) --out "
      try expect(train + Workplace.place("a"), train + Workplace.place("b"), "--out")
    }

    @Test func anErrorOfOneRankEndsAllInOrderAndLeavesNothing() throws {
      let run = try Experiment.classifiedReference.get()
      let data = try waves(classes: ["class-0", "class-1", "class-2"])
      try PlainDataset.patch(data, "values-00000.npy", at: 100, UInt8(41))
      let folder = Workplace.place("outputs")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for command in ["evaluate --json \(folder)/r", "predict --out \(folder)/p", "embed --out \(folder)/e"] {
        let said = try refused(
          "\(command) --model \(run.path) --data \(data)", ranks: 3, code: 65, saying: "the value is 41")
        #expect(said.errors.components(separatedBy: "the value is 41").count == 2, "\(said.errors)")
        #expect(!said.errors.contains("MPI_ABORT"), "\(said.errors)")
        #expect(try names(folder) == [], "\(command)")
      }
    }

    @Test func theReportIsShownThoughItCannotBeWritten() throws {
      let run = try Experiment.classifiedReference.get()
      let data = try Experiment.generated.get()
      let result = try MPIRun.startAlone(
        "lockstep", ["evaluate", "--model", run.path, "--data", data, "--json", Workplace.place("r.json")],
        wrapper: ["sh", "-c", "(ulimit -f 0; exec \"$@\") 2>&1 | cat", "sh"]
      ).wait()
      #expect(result.output.contains("macro-F1") && result.output.contains("r.json"), "\(result.summary)")
    }

    @Test func checkpointsAreNamedWithinTheRunAndExportsAreTold() throws {
      let run = try Experiment.classifiedReference.get()
      let data = try Experiment.generated.get()
      let evaluate = "evaluate --model \(run.path) --data \(data)"
      #expect(try lockstep(evaluate + " --checkpoint step-00000010").errors.contains("step 10"))
      try refused(evaluate + " --checkpoint step-00000011", code: 66, saying: "step-00000011", "the run has step-")

      let exported = Workplace.place("exported")
      try lockstep("export --model \(run.path) --out \(exported)")
      try refused("evaluate --model \(exported) --data \(data)", code: 66, saying: "is no run", "an export is for")
      try lockstep("embed --model \(exported) --data \(data) --out \(Workplace.place("e.npy"))")
      let experiment = try Experiment.classified.get()
      let tune = "finetune \(try experiment.recipe) --data \(data) --out \(Workplace.place("tuned")) --stop-after 1"
      try lockstep(tune + " --encoder \(exported)", expecting: 75)

      let damaged = TrainedRun(path: try Workplace.copy(run.path))
      let best = try #require(damaged.step(of: "best"))
      try flipBit(damaged.checkpoint(best) + "/model.safetensors", at: -1)
      let said = try refused(
        "evaluate --model \(damaged.path) --data \(data)", code: 65, saying: "--checkpoint latest|best|NAME",
        "these verify: step-")
      let good = said.errors.components(separatedBy: "these verify:").last?.split(separator: ",").first
      try lockstep(
        "evaluate --model \(damaged.path) --data \(data) --checkpoint \(good!.trimmingCharacters(in: .whitespacesAndNewlines))"
      )
    }

    @Test func aModelIsUsedInThePrecisionOfItsTraining() throws {
      let experiment = try Experiment.masked.get()
      let run = try experiment.run(["--set", "precision=bfloat16"])
      func embedded(_ model: String) throws -> [UInt8] {
        let file = Workplace.place("e.npy")
        try lockstep("embed --model \(model) --data \(experiment.data) --out \(file)")
        return Array(try bytes(file))
      }
      let own = try embedded(run.path)
      #expect(try embedded(run.path + "/encoder") == own, "the encoder alone told otherwise")
      // The same weights under a recipe that says float32 tell otherwise, but not much.
      let other = TrainedRun(path: try Workplace.copy(run.path))
      let recipe = try text(run.path + "/recipe.yaml")
      #expect(recipe.contains("precision: bfloat16"))
      try recipe.replacingOccurrences(of: "precision: bfloat16", with: "precision: float32").write(
        toFile: other.path + "/recipe.yaml", atomically: true, encoding: .utf8)
      #expect(try embedded(other.path) != own)
    }

    @Test func namesOfSequencesComeLastInPredictions() throws {
      let run = try Experiment.classifiedReference.get()
      let rows = (0..<6).map { "\"s,\($0)\"," + (0..<20).map { "\($0)" }.joined(separator: ",") }.joined(
        separator: "\n")
      let (source, data) = (try Workplace.file("rows.csv", rows + "\n"), Workplace.place("named"))
      try lockstep("data import \(source) \(data) --format csv --row sequence --sequence-column 1 --categories 41")
      let file = Workplace.place("p.csv")
      try lockstep("predict --model \(run.path) --data \(data) --out \(file)", ranks: 2)
      let lines = try text(file).split(separator: "\n")
      #expect(lines.first == "id,class,p_0,p_1,p_2,name" && lines.count == 7)
      for (index, line) in lines.dropFirst().enumerated() {
        #expect(line.hasPrefix("\(index),class-") && line.hasSuffix(",\"s,\(index)\""), "\(line)")
      }
    }
  }
}
