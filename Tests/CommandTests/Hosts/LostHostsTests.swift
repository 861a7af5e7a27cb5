import Foundation
import TestSupport
import Testing

extension Commands.HostsTests {
  /// Hosts and ranks on them are lost while they train: that is noticed within a minute, what is left behind ends by
  /// itself, and the training goes on with the hosts that are left, to the bits of one rank.
  @Suite(
    .serialized,
    .enabled(
      if: ProcessInfo.processInfo.environment["LOCKSTEP_CLUSTER"] != nil, "a long form: launch/test --cluster runs it"))
  struct LostHostsTests {
    private static let experiment = Result {
      var experiment = try Experiment.masked.get()
      experiment.steps = 500
      return experiment
    }
    /// The same on one rank, undisturbed.
    private static let reference = Result { try experiment.get().run() }

    /// A training on emulated hosts.
    private struct Training {
      let hosts: EmulatedHosts
      let run: TrainedRun
      let job: MPIRun.Job

      /// Starts it under `launch/run` or `launch/supervise`, and waits until it has done some steps.
      init(
        _ script: String, _ options: [String], ranks: Int, hosts: EmulatedHosts, on names: [String],
        command: [String] = [MPIRun.executable("lockstep")]
      ) throws {
        self.hosts = hosts
        run = TrainedRun(path: Workplace.place("run"))
        let experiment = try LostHostsTests.experiment.get()
        let launch = MPIRun.repository.appendingPathComponent("launch").path
        job = try hosts.start(
          ["\(launch)/\(script)", "-n", "\(ranks)", "--grace", "1", "--hosts", names.joined(separator: ",")] + options
            + command + ["pretrain", try experiment.recipe, "--data", experiment.data, "--out", run.path],
          timeoutSeconds: 300)
        waitForSteps(20)
      }

      /// Waits until it has done so many more steps.
      func waitForSteps(_ count: Int) {
        func reached() -> Int { (try? run.steps.last?.step) ?? 0 }
        let before = reached()
        #expect(job.wait { reached() > before + count }, "\(job.errorsSoFar)")
      }

      /// Waits for words on standard error; returns the seconds.
      @discardableResult func waitFor(_ words: String) -> Double {
        let start = Date()
        #expect(job.wait { job.errorsSoFar.contains(words) }, "expected \"\(words)\" in: \(job.errorsSoFar)")
        return Date().timeIntervalSince(start)
      }

      func expectToEnd(_ what: String) throws {
        let result = job.wait()
        #expect(result.code == 0, "\(what): \(result.summary)")
        try run.expectSameBits(as: try LostHostsTests.reference.get(), at: 500, what)
      }
    }

    private func expectWithinAMinute(_ seconds: Double?, _ what: String) {
      #expect(seconds ?? .infinity < 60, "\(what) took \(seconds.map { "\($0) s" } ?? "longer")")
    }

    @Test func aHostIsCutOffAndComesBack() throws {
      let hosts = try EmulatedHosts(4)
      let training = try Training("supervise", ["--min-ranks", "2"], ranks: 4, hosts: hosts, on: hosts.names)
      try hosts.link("node-4", "down")
      let cut = Date()
      let noticed = training.waitFor("ended with 205")
      expectWithinAMinute(noticed, "the loss of node-4")
      expectWithinAMinute(
        try hosts.secondsToSilence(["node-4"], limit: 60 - Date().timeIntervalSince(cut)), "the end of its rank")
      let orphan = Date().timeIntervalSince(cut)
      training.waitFor("attempt 2 on 3 ranks of node-1 node-2 node-3")
      FaultLog.add("the link of one of four hosts is cut", "205; goes on with three; same bits", noticed: noticed)
      FaultLog.add("the rank on the host that is cut off", "ends by itself", noticed: orphan)

      try hosts.link("node-4", "up")
      training.waitForSteps(20)
      #expect(try hosts.killAll("lockstep", on: "node-2") == 1)
      let killed = training.waitFor("ended with 137")
      training.waitFor("node-4 answers again")
      training.waitFor("attempt 3 on 4 ranks of node-1 node-2 node-3 node-4")
      FaultLog.add("kill -9 of a rank on another host", "137; all hosts again; same bits", noticed: killed)
      try training.expectToEnd("a host cut off and back")
    }

    @Test func theDaemonOfAHostIsKilled() throws {
      let hosts = try EmulatedHosts(2)
      let training = try Training("supervise", [], ranks: 2, hosts: hosts, on: hosts.names)
      #expect(try hosts.killAll("orted", on: "node-2") == 1)
      let start = Date()
      #expect(try hosts.secondsToSilence(["node-2"], limit: 10) != nil, "the rank outlives its orted")
      training.waitFor("ended with 205")
      let noticed = Date().timeIntervalSince(start)
      expectWithinAMinute(noticed, "the loss of orted")
      FaultLog.add("kill -9 of orted on another host", "205; same bits", noticed: noticed)
      try training.expectToEnd("orted killed")
    }

    @Test func theHostOfRankZeroIsCutOff() throws {
      // The job is started on a host that has no rank, and goes on where rank 0 was not.
      let hosts = try EmulatedHosts(3)
      let training = try Training(
        "supervise", ["--min-ranks", "1"], ranks: 2, hosts: hosts, on: ["node-2", "node-3"])
      try hosts.link("node-2", "down")
      let noticed = training.waitFor("ended with 205")
      expectWithinAMinute(noticed, "the loss of rank 0's host")
      training.waitFor("attempt 2 on 1 ranks of node-3")
      // Its daemon, which cannot know what became of its last words, may stay until TCP gives up.
      let gone = try hosts.secondsToSilence(["node-2"], of: "lockstep", limit: 60 - noticed)
      expectWithinAMinute(gone.map { noticed + $0 }, "the end of the old rank 0")
      FaultLog.add("the link of rank 0's host is cut", "205; goes on elsewhere; same bits", noticed: noticed)
      try training.expectToEnd("rank 0's host cut off")
    }

    @Test func whoGoesOnBehindACutLinkCannotWrite() throws {
      // The only rank is on the host that is cut off, and its daemon is stopped: nothing there sees the cut, and the rank
      // trains on, slowly, while the training goes on elsewhere from its last checkpoint. Both see the run's folder.
      let hosts = try EmulatedHosts(3)
      let wrapper = try Workplace.file(
        "wrapper.sh",
        """
        if [ "$(hostname)" = node-2 ]; then export LOCKSTEP_TEST_FAULT=slow:0:1:any:40000; fi
        exec \(MPIRun.executable("lockstep")) "$@"
        """)
      let training = try Training(
        "supervise", ["--min-ranks", "1"], ranks: 1, hosts: hosts, on: ["node-2", "node-3"], command: ["sh", wrapper])
      let daemon = try #require(try hosts.members(of: "node-2").first { $0.program == "orted" })
      kill(daemon.process, SIGSTOP)
      try hosts.link("node-2", "down")
      let cut = Date()
      let noticed = training.waitFor("ended with 205")
      expectWithinAMinute(noticed, "the loss of node-2")
      #expect(try hosts.members(of: "node-2").contains { $0.program == "lockstep" }, "the rank has ended too soon")
      training.waitFor("attempt 2 on 1 ranks of node-3")
      let gone = try hosts.secondsToSilence(["node-2"], of: "lockstep", limit: 60)
      expectWithinAMinute(gone, "the end of the rank behind the cut")
      let ended = Date().timeIntervalSince(cut)
      try training.expectToEnd("another rank 0 behind a cut link")
      let told = try text(training.run.path + "/logs/attempt-00000001.log")
      #expect(told.contains("was taken over by attempt 2"), "\(told)")
      FaultLog.add(
        "the link of the only rank's host is cut, its daemon stopped", "205; goes on elsewhere; same bits",
        noticed: noticed)
      FaultLog.add("the rank that trains on behind the cut", "is fenced (64); ends by itself", noticed: ended)
    }

    @Test func aLossIsNoticedWhileSomethingIsOnItsWay() throws {
      // What was sent into a cut link keeps a TCP connection from asking whether the other end lives.
      let hosts = try EmulatedHosts(2)
      let training = try Training("run", [], ranks: 2, hosts: hosts, on: hosts.names)
      try hosts.link("node-2", "down")
      let cut = Date()
      usleep(500_000)
      training.job.send(SIGUSR1)
      let result = training.job.wait()
      #expect(result.code == 205, "\(result.summary)")
      let noticed = Date().timeIntervalSince(cut)
      expectWithinAMinute(noticed, "the loss of node-2")
      #expect(result.errors.contains("node-2 is lost: ssh does not reach it"), "\(result.summary)")
      expectWithinAMinute(try hosts.secondsToSilence(hosts.names, limit: 60 - noticed), "the end of all")
      FaultLog.add("the link is cut, then the job is asked to stop", "205", noticed: noticed)
    }
  }
}
