import Foundation
import TestSupport
import Testing

private let isLong = ProcessInfo.processInfo.environment["LOCKSTEP_CLUSTER"] != nil

extension Commands {
  /// `launch/slurm/train.sbatch` in a Slurm of two nodes: over several starts it comes to the bits of one rank.
  @Suite(.serialized, .enabled(if: isLong, "a long form: launch/test --cluster runs it"))
  struct SlurmTests {
    /// Long enough to be interrupted twice.
    private static let experiment = Result {
      var experiment = try Experiment.masked.get()
      experiment.steps = 1000
      experiment.validateEvery = 100
      return experiment
    }
    private static let reference = Result { try experiment.get().run() }

    private func expectSameBits(_ run: TrainedRun, _ job: TwoNodeSlurm.Job, _ what: String) throws {
      let steps = try Self.experiment.get().steps
      try #require(run.step(of: "latest") == steps, "\(what): \(job.log)")
      try run.expectSameBits(as: try Self.reference.get(), at: steps, what)
    }

    /// The ranks that write a run.
    private func ranks(of run: TrainedRun) throws -> [Int32] {
      try names("/proc").compactMap(Int32.init).filter { process in
        guard let line = try? bytes("/proc/\(process)/cmdline"), !line.isEmpty else { return false }
        let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        return words.contains(run.path) && words[0] == MPIRun.executable("lockstep")
      }
    }

    @Test(arguments: ["mpirun", "srun"]) func aJobThatIsInterruptedGoesOn(launcher: String) throws {
      let slurm = try TwoNodeSlurm()
      let run = TrainedRun(path: Workplace.place("run"))
      let job = try slurm.submit(try Self.experiment.get(), into: run, launcher: launcher)
      #expect(try job.wait { (try? run.steps.count) ?? 0 > 20 }, "\(job.log)")
      // Both nodes carry a rank.
      #expect(try ranks(of: run).count == 2)
      try job.send("USR1")
      #expect(try job.wait { job.log.contains("ended with 75 at step") }, "\(job.log)")
      let stopped = try #require(run.step(of: "latest"))
      #expect(job.log.contains("ended with 75 at step \(stopped): requeued"), "\(job.log)")
      #expect(try run.steps.last?.step == stopped)

      #expect(try job.wait { (try? run.steps.last?.step) ?? 0 > stopped + 20 }, "\(job.log)")
      kill(try #require(try ranks(of: run).last), SIGKILL)
      #expect(try job.wait { job.log.contains("ended with 137 at step") }, "\(job.log)")

      #expect(try job.waitForEnd() == "COMPLETED", "\(job.log)")
      #expect(job.starts >= 3 && job.log.contains("start 1 of job") && job.log.contains("start 3 of job"), "\(job.log)")
      #expect(job.log.contains("from step \(stopped): "), "\(job.log)")
      try expectSameBits(run, job, "requeued under \(launcher)")
    }

    @Test(arguments: ["mpirun", "srun"]) func theTimeLimitIsNoEnd(launcher: String) throws {
      let slurm = try TwoNodeSlurm()
      let run = TrainedRun(path: Workplace.place("run"))
      var experiment = try Experiment.masked.get()
      experiment.steps = 100
      // Slurm's shortest limit, which it looks at every half minute: asked for at 45 s, the signal comes before 30 s have
      // passed. The training is slowed down to last longer than that.
      let job = try slurm.submit(
        experiment, into: run, launcher: launcher, time: ["--time=1", "--signal=B:USR1@45"],
        environment: ["LOCKSTEP_TEST_FAULT": "slow:0:15:backward:60000"])
      #expect(try job.waitForEnd() == "COMPLETED", "\(job.log)")
      #expect(job.starts >= 2, "\(job.log)")
      #expect(job.log.contains("ended with 75 at step"), "\(job.log)")
      try run.expectSameBits(as: try experiment.run(), at: 100, "over the time limit under \(launcher)")
    }

    @Test func itEndsWhereItShould() throws {
      let slurm = try TwoNodeSlurm()
      let experiment = try Self.experiment.get()
      // A mistake is told once.
      for launcher in ["mpirun", "srun"] {
        for (name, told) in [("TRAIN_RECIPE", "check the path"), ("TRAIN_DATA", "a data set is a folder")] {
          let mistaken = try slurm.submit(
            experiment, into: TrainedRun(path: Workplace.place("run")), launcher: launcher,
            settings: [name: "/nowhere.yaml"])
          #expect(try mistaken.waitForEnd() == "FAILED")
          #expect(try mistaken.field("ExitCode") == "66:0", "\(launcher): \(mistaken.log)")
          #expect(mistaken.starts == 1 && mistaken.log.contains("/nowhere.yaml: not found; \(told)"), "\(mistaken.log)")
        }
      }

      // Asked to stop it is not requeued: the gentle way and the short one.
      for launcher in ["mpirun", "srun"] {
        let run = TrainedRun(path: Workplace.place("run"))
        let job = try slurm.submit(experiment, into: run, launcher: launcher)
        #expect(try job.wait { (try? run.steps.count) ?? 0 > 20 }, "\(job.log)")
        try job.send("TERM")
        #expect(try job.waitForEnd() == "FAILED", "\(job.log)")
        #expect(try job.field("ExitCode") == "75:0", "\(launcher): \(job.log)")
        #expect(job.starts == 1 && job.log.contains("asked to stop: ended with 75"), "\(launcher): \(job.log)")
        #expect(run.step(of: "latest") == (try run.steps.last?.step))

        let again = try slurm.submit(experiment, into: run, launcher: launcher)
        let before = try #require(run.step(of: "latest"))
        #expect(try again.wait { (try? run.steps.last?.step) ?? 0 > before + 20 }, "\(again.log)")
        #expect(try slurm.run(["scancel", again.number]).code == 0)
        #expect(try again.waitForEnd() == "CANCELLED", "\(again.log)")
        #expect(try again.wait(30) { try ranks(of: run).isEmpty }, "\(launcher): ranks live on")
        #expect(again.starts == 1, "\(launcher): \(again.log)")
        // mpirun leaves ranks four seconds, Slurm ten.
        if launcher == "srun" { #expect(run.step(of: "latest") == (try run.steps.last?.step), "\(again.log)") }
      }

      // A crash that comes again at the same step is given up.
      let hopeless = try slurm.submit(
        experiment, into: TrainedRun(path: Workplace.place("run")), launcher: "mpirun",
        settings: ["TRAIN_CRASHES": "2"], environment: ["LOCKSTEP_TEST_FAULT": "kill:0:5:forward:0"])
      #expect(try hopeless.waitForEnd() == "FAILED", "\(hopeless.log)")
      #expect(hopeless.starts == 2, "\(hopeless.log)")
      #expect(hopeless.log.contains("2 crashes and no checkpoint beyond step 0; giving up"), "\(hopeless.log)")
    }
  }
}
