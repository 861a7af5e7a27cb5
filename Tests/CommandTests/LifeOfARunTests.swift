import ArrayFiles
import Foundation
import TestSupport
import Testing

extension Commands {
  /// A run from its start to its end: stopped, killed, damaged, gone on with.
  @Suite struct LifeOfARunTests {
    @Test func aFinishedRunIsLeftAlone() throws {
      let reference = try Experiment.maskedReference.get()
      let run = TrainedRun(path: try Workplace.copy(reference.path))
      let again = try lockstep(line(run.path), ranks: 2)
      #expect(again.errors.contains("finished at step 30; nothing to do"), "\(again.errors)")
      try run.expectSameBits(as: reference, at: 30, "a finished run was changed")
      try refused(line(run.path) + " --resume never", code: 64, saying: run.path, "not empty", "--out")
      // Killed behind its last checkpoint it has no encoder yet: that is made up for.
      try FileManager.default.removeItem(atPath: run.path + "/encoder")
      try lockstep(line(run.path))
      #expect(
        try firstDifference(run.path + "/encoder/config.json", reference.path + "/encoder/config.json") == nil)
    }

    private func line(_ out: String, recipe: String? = nil) throws -> String {
      let experiment = try Experiment.masked.get()
      return "pretrain \(try recipe ?? experiment.recipe) --data \(experiment.data) --out \(out)"
    }

    @Test func aRunOfAnotherIdentityIsRefused() throws {
      let reference = try Experiment.maskedReference.get()
      let run = TrainedRun(path: try Workplace.copy(reference.path))
      try refused(
        line(run.path) + " --set optimizer.learningRate=0.5 --seed 9", ranks: 2, code: 64, saying: run.path,
        "optimizer.learningRate: 0.01 → 0.5", "training.seed: 3 → 9", "--out")
      try refused(line(run.path) + " --set batch.lanes=4", code: 64, saying: "batch.lanes: 8 → 4")
      try refused(line(run.path) + " --data-fraction 0.5", code: 64, saying: "sequences")
      let other = try PlainDataset.waves(lengths: someLengths(20, 20...60), categories: 41).write()
      let experiment = try Experiment.masked.get()
      try refused(
        "pretrain \(try experiment.recipe) --data \(other) --out \(run.path)", code: 64,
        saying: "--data: another data set")
      try refused(
        "train \(try experiment.recipe) --data \(experiment.data) --out \(run.path)", code: 64,
        saying: "command: pretrain → train")
      try run.expectSameBits(as: reference, at: 30, "a refusal changed the run")
      // What changes no weight is no other identity.
      try lockstep(line(run.path) + " --set training.checkpointEvery=7 --set training.keep=1")
    }

    @Test func signalsEndWithACheckpointAndNothingIsLost() throws {
      var experiment = try Experiment.masked.get()
      experiment.steps = 1200
      experiment.validateEvery = 400
      let reference = try experiment.run()
      let run = TrainedRun(path: Workplace.place("signalled"))
      let arguments = ["pretrain", try experiment.recipe, "--data", experiment.data, "--out", run.path]

      func interrupt(_ job: MPIRun.Job, _ signal: Int32, afterStep step: Int) throws -> MPIRun.Result {
        let isThere = job.wait {
          (try? text(run.path + "/metrics.jsonl"))?.contains("\"step\":\(step),") ?? false
        }
        #expect(isThere, "step \(step) was not reached: \(job.errorsSoFar)")
        job.send(signal)
        return job.wait()
      }
      let turns: [(signal: Int32, ranks: Int, step: Int)] = [
        (SIGUSR1, 2, 5), (SIGTERM, 1, 250), (SIGINT, 1, 450), (SIGUSR1, 1, 650), (SIGKILL, 1, 850),
      ]
      for (signal, ranks, step) in turns {
        let job =
          ranks == 1
          ? try MPIRun.startAlone("lockstep", arguments, timeoutSeconds: 240)
          : try MPIRun.start(ranks: ranks, "lockstep", arguments, timeoutSeconds: 240)
        let result = try interrupt(job, signal, afterStep: step)
        let what = "signal \(signal) on \(ranks) ranks: \(result.summary)"
        guard signal != SIGKILL else {
          #expect(result.code == 137, "\(what)")
          continue
        }
        #expect(result.code == 75, "\(what)")
        let stopped = try #require(run.step(of: "latest"), "\(what)")
        #expect(stopped >= step && stopped < 1200, "\(what)")
        #expect(result.errors.contains("stopped at step \(stopped) with a checkpoint"), "\(what)")
        #expect(try run.steps.last?.step == stopped, "\(what)")
      }
      let last = try lockstep(arguments.joined(separator: " "), ranks: 3)
      #expect(last.errors.contains("resuming from step-"), "\(last.errors)")
      try run.expectSameBits(as: reference, at: 1200, "after five signals")
      FaultLog.add("USR1, TERM, INT, USR1 and KILL one after another", "75 with a checkpoint, 137; same bits")
    }

    @Test func aDamagedCheckpointIsRefusedAndTheOneBeforeIsUsed() throws {
      let (experiment, reference) = (try Experiment.masked.get(), try Experiment.maskedReference.get())
      let stopped = try experiment.run(["--stop-after", "25"], expecting: 75)
      #expect(try stopped.checkpoints == ["step-00000010", "step-00000020", "step-00000025"])
      for name in TrainedRun.checkpointFiles + ["MANIFEST.json"] {
        let run = TrainedRun(path: try Workplace.copy(stopped.path))
        try flipBit(run.checkpoint(25) + "/" + name, at: -9)
        let said = try experiment.run(ranks: 2, into: run.path, ["--stop-after", "21"], expecting: 75)
        #expect(said.path == run.path)
        #expect(run.step(of: "latest") == 21, "\(name)")
      }

      let run = TrainedRun(path: try Workplace.copy(stopped.path))
      try flipBit(run.checkpoint(25) + "/model.safetensors", at: 5000)
      let said = try lockstep(line(run.path), ranks: 2)
      #expect(said.errors.contains("step-00000025 refused"), "\(said.errors)")
      #expect(said.errors.contains("step-00000025/model.safetensors"), "\(said.errors)")
      #expect(said.errors.contains("SHA-256"), "\(said.errors)")
      #expect(said.errors.contains("resuming from step-00000020"), "\(said.errors)")
      try run.expectSameBits(as: reference, at: 30, "resumed before a damaged checkpoint")
      FaultLog.add("a damaged newest checkpoint", "refused by name and reason, the one before is used; same bits")

      // Where none is left it is no silent fresh start.
      let lost = TrainedRun(path: try Workplace.copy(stopped.path))
      for step in [10, 20, 25] { try flipBit(lost.checkpoint(step) + "/optimizer.safetensors", at: -1) }
      try refused(
        line(lost.path), code: 65, saying: "step-00000025", "step-00000020", "step-00000010", "not begun afresh")
      #expect(try lost.steps.count == 25)
    }

    @Test func resumingFromANamedCheckpoint() throws {
      let (experiment, reference) = (try Experiment.masked.get(), try Experiment.maskedReference.get())
      let run = TrainedRun(path: try Workplace.copy(reference.path))
      let said = try lockstep(line(run.path) + " --resume \(run.checkpoint(10))")
      #expect(said.errors.contains("resuming from step-00000010, step 10"), "\(said.errors)")
      try run.expectSameBits(as: reference, at: 30, "resumed from step 10")
      try refused(
        line(Workplace.place("new")) + " --resume \(run.path)/checkpoints/step-00000011", code: 66,
        saying: "step-00000011")
      try refused(
        line(Workplace.place("new")) + " --resume \(run.checkpoint(10)) --seed 8", code: 64, saying: "another run")
      #expect(experiment.steps == 30)
    }

    @Test func checkpointsBeyondKeepAreRemovedButNotWhatLinksName() throws {
      let experiment = try Experiment.masked.get()
      let run = try experiment.run([
        "--set", "training.keep=2", "--set", "training.checkpointEvery=3", "--set", "training.validateEvery=8",
        "--set", "training.steps=16", "--set", "optimizer.learningRate=1e-9",
      ])
      let best = try #require(run.step(of: "best"))
      #expect(run.step(of: "latest") == 16)
      let expected = Set([15, 16, best].map { "step-" + String(format: "%08d", $0) }).sorted()
      #expect(try run.checkpoints == expected)
      #expect(try names(run.path + "/checkpoints").allSatisfy { !$0.hasPrefix(".") }, "something temporary was left")
    }

    @Test func earlyStoppingEndsARun() throws {
      let experiment = try Experiment.classified.get()
      let rule = "training.earlyStopping={metric: loss, patience: 2, minimumChange: 100}"
      let run = try experiment.run(ranks: 2, ["--set", "training.validateEvery=2", "--set", rule])
      // The first validation is the best, and two more are not better.
      #expect(try run.steps.map(\.step) == Array(1...6))
      #expect(run.step(of: "best") == 2)
      #expect(run.step(of: "latest") == 6)
      let said = try lockstep("evaluate --model \(run.path) --data \(experiment.data)")
      #expect(said.errors.contains("best checkpoint, step 2"), "\(said.errors)")
      let again = try lockstep(
        "train \(try experiment.recipe) --data \(experiment.data) --out \(run.path)",
        ["--set", "training.validateEvery=2", "--set", rule])
      #expect(again.errors.contains("finished at step 6"), "\(again.errors)")
    }
  }
}
