import Foundation
import TestSupport
import Testing

extension Trainings {
  /// What cannot be done as it was asked for: 64 with what to do instead, 66 for what is not there.
  @Suite struct BadUsageTests {
    private func masked(_ more: String = "", out: String? = nil) throws -> String {
      let experiment = try Experiment.masked.get()
      return
        "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(out ?? Workplace.place("run")) \(more)"
    }

    @Test func recipesWithMistakes() throws {
      let experiment = try Experiment.masked.get()
      let recipe = try text(try experiment.recipe)
      func expect(
        _ yaml: String, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
      ) throws {
        let path = try Workplace.file("mistaken.yaml", yaml)
        let out = Workplace.place("never")
        let said = try lockstep(
          "pretrain \(path) --data \(experiment.data) --out \(out)", expecting: 64, sourceLocation: sourceLocation)
        for word in [path] + words {
          #expect(said.errors.contains(word), "\(word): \(said.errors)", sourceLocation: sourceLocation)
        }
        #expect(!exists(out), sourceLocation: sourceLocation)
      }
      try expect(
        recipe.replacingOccurrences(of: "learningRate", with: "learningrate"), "line 10",
        "optimizer.learningrate: unknown key; did you mean 'learningRate'?")
      try expect(
        recipe.replacingOccurrences(of: "kind: masked, ratio: 0.4, span: 2", with: "kind: next"),
        "objective.kind: next needs model.encoder.causal: true", "has the answer in its input")
      try expect(
        recipe.replacingOccurrences(of: "span: 2", with: "target: spectrum"), "objective.target", "no spectrum")
      try expect(
        recipe.replacingOccurrences(of: "kind: masked, ratio: 0.4, span: 2", with: "kind: classify"),
        "objective.kind: classify needs labels", "lockstep train")
      try expect(recipe.replacingOccurrences(of: "lanes: 8", with: "lanes: 6"), "batch.lanes", "power of two")
      try expect("model: [", "line ", "is not YAML")
      // Alone and on several ranks it is told once.
      let path = try Workplace.file("mistaken.yaml", recipe.replacingOccurrences(of: "span", with: "spam"))
      let said = try lockstep(
        "pretrain \(path) --data \(experiment.data) --out \(Workplace.place("never"))", ranks: 3, expecting: 64)
      #expect(said.errors.components(separatedBy: "did you mean 'span'?").count == 2, "\(said.errors)")
      #expect(said.seconds < 30)
    }

    @Test func whatIsNotThereOrIsSomethingElse() throws {
      let experiment = try Experiment.masked.get()
      let (recipe, data) = (try experiment.recipe, experiment.data)
      let out = Workplace.place("out")
      try refused("pretrain \(recipe).not --data \(data) --out \(out)", code: 66, saying: "\(recipe).not")
      try refused("pretrain \(recipe) --data \(recipe) --out \(out)", code: 66, saying: recipe, "is a file")
      try refused("pretrain \(recipe) --data \(data) --out \(recipe)", code: 64, saying: recipe, "is a file")
      for command in ["evaluate", "predict --out x", "embed --out x", "export --out \(out)"] {
        let line = command.hasPrefix("export") ? command : "\(command) --data \(data)"
        try refused("\(line) --model \(recipe)", code: 66, saying: recipe)
        try refused("\(line) --model \(out)", code: 66, saying: out)
        try refused("\(line) --model \(data)", code: 66, saying: data)
      }
      try refused("data inspect \(recipe)", code: 66, saying: recipe, "is a file")
      try refused("data import \(out) \(out)2 --format csv", code: 66, saying: out)
      #expect(!exists(out) && !exists("x"))

      let run = try Experiment.classifiedReference.get()
      let nowhere = "\(out)/below/file"
      let model = "--model \(run.path) --data \(data)"
      try refused("evaluate \(model) --json \(nowhere)", code: 66, saying: nowhere)
      try refused("predict \(model) --out \(nowhere)", ranks: 2, code: 66, saying: nowhere)
      try refused("embed \(model) --out \(nowhere)", code: 66, saying: nowhere)
      try refused("evaluate \(model) --checkpoint \(run.checkpoint(11))", code: 66, saying: run.checkpoint(11))

      // What stands there is replaced whole.
      let file = try Workplace.file("old", "old")
      for command in ["embed --out \(file)", "predict --out \(file)", "evaluate --json \(file)"] {
        try lockstep("\(command) \(model)")
        #expect(try text(file) != "old", "\(command)")
        try Data("old".utf8).write(to: URL(fileURLWithPath: file))
      }
    }

    @Test func foldersThatAreNotEmptyStayAsTheyAre() throws {
      let folder = Workplace.place("full")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data("mine".utf8).write(to: URL(fileURLWithPath: folder + "/precious"))
      let source = try Workplace.file("source.csv", "1\n2\n")
      let run = try Experiment.classifiedReference.get()
      let commands = [
        "data generate \(folder) --sequences 4", "data import \(source) \(folder) --format csv",
        "export --model \(run.path) --out \(folder)", try masked(out: folder),
      ]
      for command in commands {
        try refused(command, code: 64, saying: folder)
        #expect(try names(folder) == ["precious"], "\(command)")
        #expect(try text(folder + "/precious") == "mine", "\(command)")
      }
      for command in [
        "data generate \(source)", "data import \(source) \(source) --format csv",
        "export --model \(run.path) --out \(source)",
      ] {
        try refused(command, code: 64, saying: source)
        #expect(try text(source) == "1\n2\n", "\(command)")
      }
      // An import that fails leaves nothing.
      let bad = try Workplace.file("bad.csv", "1\n2\nx\n")
      let out = Workplace.place("imported")
      try refused("data import \(bad) \(out) --format csv", code: 65, saying: "bad.csv, line 3")
      #expect(!exists(out))
    }

    @Test func moreRanksThanLanes() throws {
      let said = try refused(
        masked("--set batch.lanes=2"), ranks: 3, code: 64, saying: "3 ranks cannot share 2 lanes",
        "--set batch.lanes=4")
      #expect(said.seconds < 30)
      let experiment = try Experiment.masked.get()
      let plan = try lockstep("plan \(try experiment.recipe) --data \(experiment.data) --ranks 11")
      #expect(plan.output.contains("what follows is for batch.lanes: 16"), "\(plan.output)")
    }

    @Test func argumentsThatMakeNoSense() throws {
      try refused(masked("--data-fraction 0"), code: 64, saying: "--data-fraction 0")
      try refused(masked("--stop-after 0"), code: 64, saying: "--stop-after 0")
      try refused(masked("--set training.stepz=3"), code: 64, saying: "--set training.stepz=3", "'steps'")
      try refused(masked("--include-splits tain"), code: 64, saying: "tain", "train, validation or test")
      try refused(masked("--nonsense"), code: 64, saying: "--nonsense")
      try refused("finetune", code: 64, saying: "recipe")
      try refused("data generate \(Workplace.place("d")) --lengths 9..3", code: 64, saying: "9..3")
      try refused(
        masked(), ranks: 2, environment: ["LOCKSTEP_ISA": "sse9"], code: 64, saying: "LOCKSTEP_ISA=sse9", "portable")
      try refused("bench kernels", environment: ["LOCKSTEP_ISA": "sse9"], code: 64, saying: "LOCKSTEP_ISA=sse9")
      try refused(masked(), environment: ["LOCKSTEP_TEST_DROP": "all"], code: 64, saying: "LOCKSTEP_TEST_DROP")
    }
  }
}
