import Foundation
import TestSupport
import Testing

extension Commands {
  /// Ranks are killed, stopped, slowed and cut off while they train; afterwards the run goes on at another number of
  /// ranks, and ends with the bits of one undisturbed run on one rank.
  ///
  /// The short form belongs to every run of the tests; `LOCKSTEP_FAULTS=1` (`launch/test --faults`) makes the long one.
  @Suite(.serialized) struct FaultTests {
    static let isLong = ProcessInfo.processInfo.environment["LOCKSTEP_FAULTS"] != nil
    private var experiment: Experiment { get throws { try Experiment.masked.get() } }
    private var reference: TrainedRun { get throws { try Experiment.maskedReference.get() } }
    /// Patient enough for a busy machine, and no more.
    private let watchful = ["--set", "training.watchdog={seconds: 3}"]

    /// Goes on with a run to its end and compares it with the reference.
    private func expectToGoOn(_ run: TrainedRun, ranks: Int, _ what: String) throws -> Double {
      let start = Date()
      try experiment.run(ranks: ranks, into: run.path)
      try run.expectSameBits(as: reference, at: 30, what)
      return Date().timeIntervalSince(start)
    }

    /// Starts a training that harms itself.
    private func harmed(_ fault: String, ranks: Int, into run: TrainedRun, _ more: [String] = []) throws
      -> MPIRun.Result
    {
      let arguments = ["pretrain", try experiment.recipe, "--data", try experiment.data, "--out", run.path] + more
      return try MPIRun.run(
        ranks: ranks, "lockstep", arguments, environment: ["LOCKSTEP_TEST_FAULT": fault], timeoutSeconds: 90)
    }

    /// Where a rank stood when it was killed, by its own last words.
    private func place(_ errors: String) -> (step: Int, kind: String)? {
      guard
        let match = errors.firstMatch(
          of: /test fault: killed at step (\d+), phase "([a-z]+)", in (\w+|no call)/)
      else { return nil }
      let (phase, call) = (String(match.2), String(match.3))
      let kind = ["MPI_Allreduce", "MPI_Wait", "MPI_Allgatherv", "MPI_Waitall"].contains(call) ? "all-reduce" : phase
      return (Int(match.1)!, kind)
    }

    @Test func ranksKilledAnywhere() throws {
      // Each kind of place in turn, at a random step, of a random rank, after a random part of the phase.
      let phases = ["reading", "forward", "backward", "gradients", "checkpoint"]
      let kinds = ["reading", "forward", "backward", "all-reduce", "checkpoint"]
      let wanted = Self.isLong ? 6 : 1
      var numbers = Numbers(seed: 20)
      var killed: [String: Int] = [:]
      var tries = 0
      while kinds.contains(where: { killed[$0, default: 0] < wanted }) && tries < 12 * wanted + 12 {
        let index = (0..<kinds.count).first { killed[kinds[$0], default: 0] < wanted }!
        tries += 1
        let ranks = 2 + numbers.integer(below: 3)
        // Rank 0 alone writes checkpoints, ten steps apart.
        let isCheckpoint = kinds[index] == "checkpoint"
        let rank = isCheckpoint ? 0 : numbers.integer(below: ranks)
        let step = isCheckpoint ? 10 * (1 + numbers.integer(below: 2)) : 2 + numbers.integer(below: 26)
        // A small network is soon in its first collective call: half of them die as they enter.
        let longest = ["forward": 80, "backward": 80, "all-reduce": 800, "checkpoint": 4000][kinds[index]] ?? 1
        let delay = tries % 2 == 0 ? 0 : numbers.integer(below: longest)
        let run = TrainedRun(path: Workplace.place("killed"))
        let fault = "kill:\(rank):\(step):\(phases[index]):\(delay)"
        let result = try harmed(fault, ranks: ranks, into: run)
        let what = "\(fault) on \(ranks) ranks"
        #expect(result.code == 137, "\(what): \(result.summary)")
        guard let place = place(result.errors) else {
          #expect(Bool(false), "\(what): no last words: \(result.summary)")
          continue
        }
        #expect(place.step > 1, "\(what)")
        // Beside training a checkpoint is still being written when the phase of that name is over.
        let half = ((try? names(run.path + "/checkpoints")) ?? []).contains { $0.hasSuffix(".tmp") }
        let kind = half || place.kind == "checkpoint" ? "checkpoint" : place.kind
        let resumed = 1 + numbers.integer(below: 4)
        let back = try expectToGoOn(run, ranks: resumed, "\(what), in \(kind), resumed on \(resumed)")
        killed[kind, default: 0] += 1
        FaultLog.add("kill -9 of a rank in \(kind)", "same bits", noticed: result.seconds, back: back)
      }
      print(
        "kills by phase: " + killed.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
      for kind in kinds { #expect(killed[kind, default: 0] >= wanted, "killed in \(kind): \(killed)") }
    }

    @Test func mpirunKilledAndNothingLeftBehind() throws {
      for turn in 0..<(Self.isLong ? 4 : 1) {
        let run = TrainedRun(path: Workplace.place("cut-off"))
        var longer = try experiment
        longer.steps = 3000
        let arguments = ["pretrain", try longer.recipe, "--data", longer.data, "--out", run.path]
        let job = try MPIRun.start(ranks: 2, "lockstep", arguments, timeoutSeconds: 60)
        #expect(job.wait { (try? run.steps.count) ?? 0 > 20 }, "\(job.errorsSoFar)")
        let ranks = try processes(naming: run.path).filter { !$0.hasPrefix("mpirun") }
        #expect(ranks.count >= 2)
        job.send(SIGKILL)
        let start = Date()
        _ = job.wait()
        var left = try processes(naming: run.path)
        while !left.isEmpty && Date().timeIntervalSince(start) < 15 {
          usleep(50_000)
          left = try processes(naming: run.path)
        }
        let noticed = Date().timeIntervalSince(start)
        #expect(left.isEmpty, "after \(noticed) s there still are \(left)")
        try longer.run(ranks: 1 + turn % 3, into: run.path, ["--stop-after", "500"], expecting: 75)
        let oracle = try longer.run(["--stop-after", "500"], expecting: 75)
        #expect(try run.difference(from: oracle, at: 500) == nil)
        FaultLog.add("kill -9 of mpirun", "ranks end by themselves; same bits", noticed: noticed)
      }
    }

    /// Command lines of processes that name a path, without their shells.
    private func processes(naming path: String) throws -> [String] {
      try names("/proc").filter { Int($0) != nil }.compactMap { process in
        guard let line = try? bytes("/proc/\(process)/cmdline"), !line.isEmpty else { return nil }
        let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard words.contains(path), let name = words.first else { return nil }
        return (name as NSString).lastPathComponent
      }
    }

    @Test func aRankStoppedForAWhileIsWaitedFor() throws {
      for turn in 0..<(Self.isLong ? 3 : 1) {
        let run = TrainedRun(path: Workplace.place("paused"))
        let result = try harmed(
          "stop:\(turn % 2):\(9 + turn):backward:3000", ranks: 2, into: run,
          ["--set", "training.watchdog={seconds: 20}"])
        #expect(result.code == 0, "\(result.summary)")
        #expect(result.seconds > 3, "\(result.summary)")
        try run.expectSameBits(as: reference, at: 30, "a rank stopped for 3 s")
        FaultLog.add("SIGSTOP of a rank for 3 s", "same bits, no restart")
      }
    }

    @Test(arguments: [("stop:1:12:forward:0", 1), ("stop:0:13:backward:0", 0), ("hang:2:11:update:60000", 2)])
    func aRankThatStaysAwayIsNamedAndTheJobEnds(fault: String, rank: Int) throws {
      let run = TrainedRun(path: Workplace.place("stalled"))
      let result = try harmed(fault, ranks: 3, into: run, watchful)
      #expect(result.code == 76, "\(result.summary)")
      #expect(result.seconds < 20, "\(result.summary)")
      #expect(result.errors.contains("rank \(rank) on "), "\(result.summary)")
      #expect(result.errors.contains("is missing"), "\(result.summary)")
      #expect(result.errors.contains("step "), "\(result.summary)")
      let back = try expectToGoOn(run, ranks: 2, fault)
      FaultLog.add(
        fault.hasPrefix("stop") ? "SIGSTOP of a rank for ever" : "a rank hangs", "76, named; same bits",
        noticed: result.seconds, back: back)
    }

    @Test func aSlowRankIsNoStalledOne() throws {
      let run = TrainedRun(path: Workplace.place("slow"))
      let result = try harmed("slow:1:3:any:15000", ranks: 2, into: run, watchful)
      #expect(result.code == 0, "\(result.summary)")
      #expect(!result.errors.contains("is missing"), "\(result.summary)")
      try run.expectSameBits(as: reference, at: 30, "a slow rank")
      FaultLog.add("a slow rank", "same bits, no restart")
    }

    @Test func aSecondJobOnTheSameRunIsRefused() throws {
      var longer = try experiment
      longer.steps = 4000
      let run = TrainedRun(path: Workplace.place("shared"))
      let arguments = ["pretrain", try longer.recipe, "--data", longer.data, "--out", run.path]
      let first = try MPIRun.start(ranks: 2, "lockstep", arguments, timeoutSeconds: 60)
      #expect(first.wait { (try? run.steps.count) ?? 0 > 20 }, "\(first.errorsSoFar)")
      for ranks in [1, 2] {
        let second = try lockstep(arguments.joined(separator: " "), ranks: ranks, expecting: 64)
        #expect(second.errors.contains("\(run.path) is being written by attempt 1"), "\(second.errors)")
      }
      first.send(SIGUSR1)
      let result = first.wait()
      #expect(result.code == 75, "\(result.summary)")
      let stopped = try #require(run.step(of: "latest"))
      #expect(try run.steps.map(\.step) == Array(1...stopped), "lines of metrics are missing or doubled")
      FaultLog.add("two jobs on one RUN", "the second is refused (64)")
    }

    @Test func anOrphanMayNotWriteAnyMore() throws {
      // Rank 0 is stopped; another attempt of the same job goes on; rank 0 comes back and must not publish.
      let run = TrainedRun(path: Workplace.place("orphan"))
      var longer = try experiment
      longer.steps = 3000
      let arguments = ["pretrain", try longer.recipe, "--data", longer.data, "--out", run.path]
      let environment = ["LOCKSTEP_JOB": "one", "LOCKSTEP_TEST_FAULT": "stop:0:25:reading:4000"]
      let first = try MPIRun.startAlone("lockstep", arguments, environment: environment, timeoutSeconds: 60)
      #expect(first.wait { (try? run.steps.count) ?? 0 >= 25 }, "\(first.errorsSoFar)")
      let second = try lockstep(
        arguments.joined(separator: " ") + " --stop-after 40", environment: ["LOCKSTEP_JOB": "one"], expecting: 75)
      #expect(second.errors.contains("resuming from"), "\(second.errors)")
      let orphan = first.wait()
      #expect(orphan.code == 64, "\(orphan.summary)")
      #expect(orphan.errors.contains("was taken over by attempt 2"), "\(orphan.summary)")
      #expect(run.step(of: "latest") == 40)
      #expect(try run.steps.map(\.step) == Array(1...40), "lines of metrics are missing or doubled")
      FaultLog.add("an orphan of the job comes back", "fenced (64)")
    }

    @Test func aFlippedBitInMemoryIsNoticed() throws {
      let run = TrainedRun(path: Workplace.place("flipped"))
      let arguments = [
        "pretrain", try experiment.recipe, "--data", try experiment.data, "--out", run.path, "--set",
        "training.verifyEvery=5",
      ]
      let result = try MPIRun.run(
        ranks: 3, "lockstep", arguments, environment: ["LOCKSTEP_TEST_DROP": "weights:2:12"], timeoutSeconds: 60)
      #expect(result.code == 76, "\(result.summary)")
      #expect(result.errors.contains("after step 15") && result.errors.contains("on rank 2 ("), "\(result.summary)")
      #expect(try run.checkpoints == ["step-00000010"], "a checkpoint was made of weights that differ")
      let back = try expectToGoOn(run, ranks: 2, "after a flipped bit")
      FaultLog.add("a bit of the weights flips on one rank", "76, named; same bits", back: back)
    }

    @Test func aSupervisedJobSurvives() throws {
      // Killed at step 12 in every attempt that starts below it: twice, then the fault is over.
      let run = TrainedRun(path: Workplace.place("supervised"))
      let script = MPIRun.repository.appendingPathComponent("launch/supervise").path
      let once = Workplace.place("once")
      let wrapper = try Workplace.file(
        "wrapper.sh",
        """
        if [ "$OMPI_COMM_WORLD_RANK" = 1 ] && mkdir \(once); then export LOCKSTEP_TEST_FAULT=kill:1:12:backward:100; fi
        exec \(MPIRun.executable("lockstep")) "$@"
        """)
      let job = try MPIRun.startAlone(
        command: [
          script, "-n", "2", "--pause", "1", "--grace", "1", "sh", wrapper, "pretrain", try experiment.recipe, "--data",
          try experiment.data, "--out", run.path,
        ], timeoutSeconds: 120)
      let result = job.wait()
      #expect(result.code == 0, "\(result.summary)")
      #expect(result.errors.contains("ended with 137 at step 10; restart 1"), "\(result.summary)")
      try run.expectSameBits(as: reference, at: 30, "supervised")
      FaultLog.add("kill -9 of a rank under launch/supervise", "restarted; same bits", noticed: result.seconds)
    }

    @Test func supervisionEndsWhereItShould() throws {
      let script = MPIRun.repository.appendingPathComponent("launch/supervise").path
      func supervise(_ words: [String]) throws -> MPIRun.Job {
        try MPIRun.startAlone(
          command: [script, "-n", "1", "--pause", "0", "--grace", "1", MPIRun.executable("lockstep")] + words,
          timeoutSeconds: 120)
      }
      // A mistake is told once.
      let run = TrainedRun(path: Workplace.place("supervision"))
      let mistaken = try supervise(["pretrain", "nowhere.yaml", "--data", try experiment.data, "--out", run.path])
        .wait()
      #expect(mistaken.code == 66, "\(mistaken.summary)")
      #expect(mistaken.errors.components(separatedBy: "attempt ").count == 2, "\(mistaken.summary)")
      // Asked to stop it does not start again.
      var longer = try experiment
      longer.steps = 4000
      let words = ["pretrain", try longer.recipe, "--data", longer.data, "--out", run.path]
      let job = try supervise(words)
      #expect(job.wait { (try? run.steps.count) ?? 0 > 20 }, "\(job.errorsSoFar)")
      job.send(SIGTERM)
      let stopped = job.wait()
      #expect(stopped.code == 75, "\(stopped.summary)")
      #expect(stopped.errors.components(separatedBy: "attempt ").count == 2, "\(stopped.summary)")
      #expect(run.step(of: "latest") == (try run.steps.last?.step))
      // The same place three times over is given up.
      let job2 = try MPIRun.startAlone(
        command: [script, "-n", "1", "--pause", "0", "--grace", "1", MPIRun.executable("lockstep")] + words,
        environment: ["LOCKSTEP_TEST_FAULT": "kill:0:\(try run.steps.count + 5):forward:0"], timeoutSeconds: 120)
      let hopeless = job2.wait()
      #expect(hopeless.code == 137, "\(hopeless.summary)")
      #expect(hopeless.errors.contains("three times in a row"), "\(hopeless.summary)")
      #expect(hopeless.errors.contains("going back to step-"), "\(hopeless.summary)")
      FaultLog.add("a crash that comes again at the same step", "one checkpoint back, then given up")
    }

    @Test func zTheTable() { print("Faults that were survived:\n\(FaultLog.table)") }
  }
}
