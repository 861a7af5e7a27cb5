import Foundation
import TestSupport
import Testing

extension Commands {
  /// Ranks on several hosts, over ssh and TCP: on emulated ones, which share this machine's cores and files.
  @Suite(
    .serialized,
    .enabled(
      if: EmulatedHosts.lacks == nil, "emulated hosts cannot be had here: \(EmulatedHosts.lacks ?? "")"))
  struct HostsTests {
    private var experiment: Experiment { get throws { try Experiment.masked.get() } }
    private let launch = MPIRun.repository.appendingPathComponent("launch").path

    /// `launch/run -n RANKS OPTION… lockstep pretrain … --out OUT`.
    private func words(_ ranks: Int, _ options: [String], recipe: String? = nil, out: String) throws -> [String] {
      ["\(launch)/run", "-n", "\(ranks)", "--grace", "1"] + options + [
        MPIRun.executable("lockstep"), "pretrain", try recipe ?? experiment.recipe, "--data", try experiment.data,
        "--out", out,
      ]
    }

    @Test func twoHostsGiveTheBitsOfOneRank() throws {
      let hosts = try EmulatedHosts(2)
      let names = try hosts.start([
        "env", "LOCKSTEP_ISA=portable", "\(launch)/run", "-n", "2", "--hosts", "node-1,node-2", "sh", "-c",
        "echo $(hostname) $LOCKSTEP_ISA",
      ]).wait()
      #expect(names.lines.sorted() == ["node-1 portable", "node-2 portable"], "\(names.summary)")
      let hostfile = try Workplace.file("hostfile", "# two\nnode-1 slots=1\nnode-2 slots=1\n")
      let run = TrainedRun(path: Workplace.place("run"))
      let options = ["--hostfile", hostfile, "--interface", "10.77.0.0/24"]
      let result = try hosts.start(try words(2, options, out: run.path)).wait()
      #expect(result.code == 0, "\(result.summary)")
      try run.expectSameBits(as: try Experiment.maskedReference.get(), at: 30, "two hosts")
      #expect(try hosts.secondsToSilence(hosts.names, limit: 2) != nil, "something still runs on the hosts")
    }

    @Test func whatIsWrongIsToldBeforeAnythingStarts() throws {
      let hosts = try EmulatedHosts(2)
      let both = ["--hosts", "node-1,node-2"]
      func refused(
        _ options: [String], ranks: Int = 2, out: String = Workplace.place("never"), _ code: Int32, _ said: String...,
        sourceLocation: SourceLocation = #_sourceLocation
      ) throws {
        let result = try hosts.start(try words(ranks, options, out: out)).wait()
        #expect(result.code == code, "\(options): \(result.summary)", sourceLocation: sourceLocation)
        #expect(result.seconds < 10, "\(options): \(result.summary)", sourceLocation: sourceLocation)
        for word in said {
          #expect(
            result.errors.contains(word), "\(options): expected \"\(word)\" in: \(result.errors)",
            sourceLocation: sourceLocation)
        }
        #expect(!exists(out + "/recipe.yaml"), "\(options)", sourceLocation: sourceLocation)
        for host in hosts.names {
          let left = try hosts.members(of: host)
          #expect(left.isEmpty, "\(options): still on \(host): \(left)", sourceLocation: sourceLocation)
        }
      }
      /// While a change holds on a host, undone by another.
      func with(_ change: String, _ undone: String, on host: String, _ body: () throws -> Void) throws {
        try hosts.run(on: host, change)
        defer { try? hosts.run(on: host, undone) }
        try body()
      }

      try refused(both, ranks: 3, 64, "-n 3 is more than the hosts take, 2 (node-1:1,node-2:1)")
      try refused(["--hosts", "node-1,10.77.0.99"], 64, "10.77.0.99: ssh does not reach it", "nothing was started")
      try refused(["--hosts", "node-1,nowhere"], 64, "nowhere: no such host")
      let settings = try text(hosts.state + "/ssh_config")
      let keyless = try Workplace.file("ssh_config", settings.replacing("IdentityFile \(hosts.state)/key", with: ""))
      try refused(both + ["--ssh-config", keyless], 64, "node-2: ssh is refused", "ssh-copy-id node-2")
      try refused(both + ["--ssh-config", "/dev/null"], 64, "node-2: ssh does not know its key")
      try refused(both + ["--ssh-port", "23"], 64, "node-2: ssh does not reach it", "sshd")
      try refused(both + ["--interface", "10.78.0.0/24"], 64, "node-2: no address within --interface 10.78.0.0/24")
      try refused(both + ["--interface", "eth0"], 64, "eth0 is not a network such as 10.0.0.0/24")
      let hostfile = try Workplace.file("hostfile", "node-1 slots=1\nnode-2 slots=many\n")
      try refused(["--hostfile", hostfile], 64, "'node-2:many'", "no number of ranks")

      let binary = MPIRun.executable("lockstep")
      try with("mount --bind /bin/true \(binary)", "umount \(binary)", on: "node-2") {
        try refused(both, 64, "node-2: another \(binary) than on node-1")
      }
      let other = try Workplace.file("mpirun", "#!/bin/sh\necho 'mpirun (Open MPI) 5.0.3'\n")
      try with(
        "chmod +x \(other); mount --bind \(other) /usr/bin/mpirun", "umount /usr/bin/mpirun", on: "node-2"
      ) { try refused(both, 64, "node-2: Open MPI 5.0.3, but ") }
      let data = try experiment.data
      try with("mount -t tmpfs tmpfs \(data)", "umount \(data)", on: "node-2") {
        try refused(both, 66, "node-2: no \(data)/dataset.json there")
      }
      let folder = Workplace.place("closed")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try with("mount -t tmpfs -o ro tmpfs \(folder)", "umount \(folder)", on: "node-1") {
        try refused(both, out: folder + "/run", 64, "node-1: rank 0 cannot write \(folder)/run there")
      }
    }

    @Test func onlyTheDataIsNeededWhereRankZeroIsNot() throws {
      let hosts = try EmulatedHosts(2)
      let folder = Workplace.place("ours")
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let recipe = folder + "/recipe.yaml"
      try FileManager.default.copyItem(atPath: try experiment.recipe, toPath: recipe)
      let command = try words(2, ["--hosts", "node-1,node-2"], recipe: recipe, out: folder + "/run")
      try hosts.run(on: "node-2", "mount -t tmpfs -o ro tmpfs \(folder)")
      let refused = try hosts.start(on: "node-2", command).wait()
      #expect(refused.code == 64, "\(refused.summary)")
      #expect(refused.errors.contains("node-2: no \(recipe) there, where rank 0 is"), "\(refused.summary)")
      #expect(refused.errors.contains("node-2: rank 0 cannot write \(folder)/run there"), "\(refused.summary)")
      let result = try hosts.start(command).wait()
      #expect(result.code == 0, "\(result.summary)")
      let run = TrainedRun(path: folder + "/run")
      try run.expectSameBits(as: try Experiment.maskedReference.get(), at: 30, "a run that one host sees")
    }

    @Test func supervisionLeavesOutAHostThatDoesNotAnswer() throws {
      let hosts = try EmulatedHosts(2)
      try hosts.link("node-2", "down")
      func supervise(_ options: String..., out: String) throws -> MPIRun.Result {
        var command = try words(2, ["--hosts", "node-1,node-2"] + options, out: out)
        command[0] = "\(launch)/supervise"
        return try hosts.start(command).wait()
      }
      let refused = try supervise(out: Workplace.place("never"))
      #expect(refused.code == 64, "\(refused.summary)")
      #expect(refused.errors.contains("take 1 ranks, --min-ranks is 2"), "\(refused.summary)")
      let run = TrainedRun(path: Workplace.place("run"))
      let result = try supervise("--min-ranks", "1", out: run.path)
      #expect(result.code == 0, "\(result.summary)")
      #expect(result.errors.contains("node-2 is left out: ssh does not reach it"), "\(result.summary)")
      #expect(result.errors.contains("attempt 1 on 1 ranks of node-1, from step 0"), "\(result.summary)")
      try run.expectSameBits(as: try Experiment.maskedReference.get(), at: 30, "one host of two")
    }
  }
}
