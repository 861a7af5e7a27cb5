import Foundation
import TestSupport
import Testing

/// What RUN/status.json says.
private struct Status: Decodable {
  var state, phase: String
  var attempt, step, steps, epoch, ranks: Int
  var loss, timestepsPerSecond, secondsLeft: Double?
  var checkpoint, bestCheckpoint, message: String?
  var hosts: [String]
  var started, updated: String
  var exitCode: Int?

  init(of run: TrainedRun) throws {
    self = try JSONDecoder().decode(Status.self, from: Data(bytes(run.path + "/status.json")))
  }
}

extension TrainedRun {
  /// The lines of an attempt's log, without their times.
  fileprivate func log(_ attempt: Int) throws -> [Substring] {
    try text(path + "/logs/attempt-" + String(format: "%08d", attempt) + ".log").split(separator: "\n").map {
      $0.drop { $0 != " " }.dropFirst()
    }
  }
}

extension Commands {
  /// How a run tells of itself where nobody watches: `RUN/status.json`, and a log for each attempt.
  @Suite struct WatchedRunTests {
    private func arguments(_ experiment: Experiment, _ run: TrainedRun) throws -> [String] {
      ["pretrain", try experiment.recipe, "--data", experiment.data, "--out", run.path]
    }

    @Test func aStatusIsWholeWheneverItIsRead() throws {
      var experiment = try Experiment.masked.get()
      experiment.steps = 100_000
      experiment.validateEvery = 50
      let run = TrainedRun(path: Workplace.place("watched"))
      let job = try MPIRun.start(ranks: 2, "lockstep", arguments(experiment, run), timeoutSeconds: 60)
      var seen: [Status] = []
      let hasMoved = try job.wait {
        guard FileManager.default.fileExists(atPath: run.path + "/status.json") else { return false }
        let status = try Status(of: run)
        if seen.last?.updated != status.updated { seen.append(status) }
        return seen.count >= 3 && status.checkpoint != nil
      }
      #expect(hasMoved, "\(seen) \(job.errorsSoFar)")
      job.send(SIGUSR1)
      let result = job.wait()
      #expect(result.code == 75, "\(result.summary)")

      let during = try #require(seen.last)
      #expect(during.state == "training" && during.exitCode == nil, "\(during)")
      #expect(during.attempt == 1 && during.ranks == 2 && during.hosts.count == 1, "\(during)")
      #expect(during.step > 0 && during.steps == 100_000, "\(during)")
      #expect(during.loss ?? 0 > 0 && during.timestepsPerSecond ?? 0 > 0 && during.secondsLeft ?? 0 > 0, "\(during)")
      #expect(
        ["reading", "forward", "backward", "gradients", "update", "checkpoint", "evaluation"].contains(during.phase))
      #expect(seen.map(\.step) == seen.map(\.step).sorted(), "\(seen)")

      let stopped = try Status(of: run)
      let step = try #require(run.step(of: "latest"))
      #expect(stopped.state == "stopped" && stopped.exitCode == 75 && stopped.step == step, "\(stopped)")
      #expect(stopped.checkpoint == "step-" + String(format: "%08d", step), "\(stopped)")
      #expect(try names(run.path).allSatisfy { !$0.hasPrefix(".") }, "something temporary was left")
    }

    @Test func stepsTellWhatTheyWaitedFor() throws {
      let run = try Experiment.masked.get().run(ranks: 2)
      let steps = try run.steps
      for row in steps { #expect(row.inputSeconds.map { $0 >= 0 && $0 < 60 } == true, "\(row)") }
      // Nobody has read the first batch ahead.
      #expect(steps.first?.inputSeconds ?? 0 > 0)
      // Checkpoints of steps 10 and 20; the last one has no step behind it.
      #expect(steps.filter { $0.checkpointSeconds ?? 0 > 0 }.map(\.step) == [11, 21])
    }

    @Test func eachAttemptHasALogOfItsOwn() throws {
      let experiment = try Experiment.masked.get()
      let run = try experiment.run(["--stop-after", "12"], expecting: 75)
      try experiment.run(ranks: 3, into: run.path)
      #expect(try names(run.path + "/logs").sorted() == ["attempt-00000001.log", "attempt-00000002.log"])
      let (first, second) = (try run.log(1), try run.log(2))
      #expect(first.last == "stopped at step 12 with a checkpoint; the same command goes on", "\(first)")
      #expect(second.first == "resuming from step-00000012, step 12", "\(second)")
      #expect(second.contains { $0.hasPrefix("validation at step 20: ") }, "\(second)")
      #expect(second.last?.hasPrefix("finished at step 30; encoder of ") == true, "\(second)")
      let status = try Status(of: run)
      #expect(status.attempt == 2 && status.ranks == 3 && status.state == "finished", "\(status)")
      #expect(status.step == 30 && status.exitCode == 0 && status.bestCheckpoint != nil, "\(status)")
    }

    @Test func anErrorStandsInLogAndStatus() throws {
      let experiment = try Experiment.masked.get()
      let run = try experiment.run(
        ranks: 2,
        ["--set", "optimizer={kind: sgd, learningRate: 1e30}", "--set", "training.maxSkippedSteps=1"], expecting: 70)
      let status = try Status(of: run)
      #expect(status.state == "failed" && status.exitCode == 70, "\(status)")
      #expect(status.message?.contains("training.maxSkippedSteps") == true, "\(status)")
      #expect(try run.log(1).last?.hasPrefix("ended with 70: step ") == true)
    }

    @Test func theWatchdogsWordsStandInLogAndStatus() throws {
      let experiment = try Experiment.masked.get()
      let run = TrainedRun(path: Workplace.place("stalled"))
      let result = try MPIRun.run(
        ranks: 2, "lockstep", arguments(experiment, run) + ["--set", "training.watchdog={seconds: 2}"],
        environment: ["LOCKSTEP_TEST_FAULT": "stop:1:12:forward:0"], timeoutSeconds: 60)
      #expect(result.code == 76, "\(result.summary)")
      let last = try #require(try run.log(1).last)
      #expect(last.contains("rank 1 on ") && last.hasSuffix("the job ends with 76"), "\(last)")
      let status = try Status(of: run)
      #expect(status.message == String(last), "\(status)")
      #expect(status.step == 12 || status.step == 11, "\(status)")
    }
  }
}
