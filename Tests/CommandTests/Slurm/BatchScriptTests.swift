import Foundation
import TestSupport
import Testing

extension Commands {
  /// What `launch/slurm/train.sbatch` decides, without a Slurm: `scontrol` and `srun` are scripts that write down how they
  /// were called.
  @Suite struct BatchScriptTests {
    private static let script = MPIRun.repository.appendingPathComponent("launch/slurm/train.sbatch").path

    /// A job of Slurm, as far as the script sees it.
    private struct Job {
      let folder = Workplace.place("job")
      var run: TrainedRun { TrainedRun(path: folder + "/run") }

      init() throws {
        try FileManager.default.createDirectory(atPath: folder + "/bin", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
          atPath: folder + "/run/checkpoints", withIntermediateDirectories: true)
        try program(
          "scontrol",
          """
          case $1 in
            show)
              [[ $4 == 7 ]] || exit 1
              echo "JobId=7 Restarts=0 Command=${SCRIPT-$OWN} WorkDir=/ Comment=$(cat comment) Power="
              ;;
            update) echo "${3#Comment=}" >comment ;;
            requeue) echo "$*" >>requeued; kill -TERM $PPID ;;
          esac
          """)
        try program(
          "srun",
          """
          [[ $1 != --mpi=list ]] || { echo "MPI plugin types are... none ${PLUGINS-pmix}" >&2; exit; }
          echo "$*" >srun; trap 'exit 75' USR1; : >began; eval "$DOES"
          """)
      }

      private func program(_ name: String, _ body: String) throws {
        let path = folder + "/bin/" + name
        try Data("#!/bin/bash\ncd \(folder)\n\(body)\n".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
      }

      /// Starts the script; `srun` then does what is said.
      func start(_ does: String, _ settings: [String: String] = [:]) throws -> MPIRun.Job {
        for name in ["requeued", "began"] { try? FileManager.default.removeItem(atPath: folder + "/" + name) }
        let environment = [
          "PATH": folder + "/bin:/usr/bin:/bin", "SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n[1-2]",
          "SLURM_NTASKS": "4", "SLURM_CLUSTER_NAME": "c", "SLURMD_NODENAME": "n1", "TRAIN_LAUNCHER": "srun",
          "TRAIN_RUN": run.path,
          "TRAIN_PROGRAM": MPIRun.executable("lockstep"), "OWN": BatchScriptTests.script, "DOES": does,
        ]
        return try MPIRun.startAlone(
          command: ["/bin/bash", BatchScriptTests.script], environment: environment.merging(settings) { $1 },
          timeoutSeconds: 30)
      }

      var isRequeued: Bool { exists(folder + "/requeued") }

      /// Makes a checkpoint, as far as the script looks.
      func checkpoint(_ step: Int) throws {
        let link = run.path + "/checkpoints/latest"
        try? FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(
          atPath: link, withDestinationPath: String(format: "step-%08d", step))
      }
    }

    @Test(arguments: [0, 64, 65, 66]) func someCodesAreTheEnd(code: Int32) throws {
      let job = try Job()
      let result = try job.start("exit \(code)").wait()
      #expect(result.code == code && !job.isRequeued, "\(result.summary)")
    }

    @Test func aCheckpointIsRequeuedWithoutCounting() throws {
      let job = try Job()
      for _ in 0..<5 {
        let result = try job.start("exit 75").wait()
        #expect(job.isRequeued, "\(result.summary)")
      }
      // But not where the job itself says where to stop.
      let result = try job.start("exit 75", ["TRAIN_OPTIONS": "--stop-after 3"]).wait()
      #expect(result.code == 75 && !job.isRequeued, "\(result.summary)")
      let words = try text(job.folder + "/srun")
      #expect(words.hasPrefix("--mpi=pmix --kill-on-bad-exit=1 --ntasks=4 --cpus-per-task=1 "), "\(words)")
      #expect(words.hasSuffix("--out \(job.run.path) --stop-after 3\n"), "\(words)")
    }

    @Test func crashesCountUntilACheckpointComes() throws {
      let job = try Job()
      func crash(_ code: Int32, requeued: Bool) throws {
        let result = try job.start("exit \(code)").wait()
        #expect(job.isRequeued == requeued, "\(result.summary)")
        if !requeued { #expect(result.code == code && result.errors.contains("giving up"), "\(result.summary)") }
      }
      try crash(137, requeued: true)
      try crash(76, requeued: true)
      try job.checkpoint(20)
      try crash(1, requeued: true)
      try crash(205, requeued: true)
      try crash(139, requeued: false)
    }

    @Test(arguments: [(SIGUSR1, true), (SIGTERM, false)]) func signalsReachTheRanks(signal: Int32, requeued: Bool)
      throws
    {
      let job = try Job()
      let script = try job.start("while :; do sleep 0.05; done")
      #expect(script.wait { exists(job.folder + "/began") })
      script.send(signal)
      let result = script.wait()
      #expect(job.isRequeued == requeued, "\(result.summary)")
      if !requeued {
        #expect(result.code == 75 && result.errors.contains("asked to stop: ended with 75"), "\(result.summary)")
      }
    }

    @Test func itsDirectivesAreThoseOfSbatch() throws {
      let lines = try text(Self.script).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      // sbatch looks no further than the first command.
      let head = lines.prefix { $0.isEmpty || $0.hasPrefix("#") }
      let directives = head.filter { $0.hasPrefix("#SBATCH ") }.map { $0.dropFirst("#SBATCH ".count) }
      #expect(lines.filter { $0.hasPrefix("#SBATCH") }.count == directives.count)
      let forms: [String: Regex<Substring>] = [
        "job-name": /\w+/, "nodes": /\d+/, "ntasks-per-node": /\d+/, "cpus-per-task": /\d+/, "time": /\d+:\d\d:\d\d/,
        "signal": /B:USR1@\d+/, "open-mode": /append/, "output": /[\w%.-]+/,
      ]
      for directive in directives {
        guard let equals = directive.firstIndex(of: "=") else {
          #expect(directive == "--requeue")
          continue
        }
        let form = try #require(forms[String(directive[..<equals].dropFirst(2))], "\(directive)")
        #expect(directive[directive.index(after: equals)...].wholeMatch(of: form) != nil, "\(directive)")
      }
      #expect(directives.contains("--requeue") && directives.contains("--open-mode=append"))
      #expect(directives.contains { $0.hasPrefix("--signal=B:USR1@") })
    }

    @Test(arguments: [
      (["TRAIN_LAUNCHER": "mpiexec"], 64, "TRAIN_LAUNCHER is mpirun or srun, not mpiexec"),
      (["PLUGINS": "pmi2"], 64, "this Slurm has no PMIx"),
      (["TRAIN_PROGRAM": "nowhere/lockstep"], 66, "nowhere/lockstep: not there; build it first: swift build"),
      (["TRAIN_RUN": "/dev/null/run"], 74, "the run's folder /dev/null/run: "),
      (["SLURM_JOB_ID": ""], 64, "this is for sbatch: sbatch launch/slurm/train.sbatch"),
      (["PATH": "/nowhere"], 64, "scontrol is not on the PATH of n1"),
      (["SCRIPT": "/nowhere/a/b/train.sbatch"], 66, "/nowhere/a/b/train.sbatch, as n1 sees it, does not stand in"),
      (["SCRIPT": ""], 66, "the script, as n1 sees it, does not stand in"),
    ]) func aMistakeIsToldOnce(settings: [String: String], code: Int32, words: String) throws {
      let job = try Job()
      let result = try job.start("exit 0", settings).wait()
      #expect(result.code == code && result.errors.contains(words), "\(settings): \(result.summary)")
      #expect(!job.isRequeued && !exists(job.folder + "/began"), "\(settings): \(result.summary)")
    }

    @Test func aSilentSlurmIsSaid() throws {
      let job = try Job()
      let result = try job.start("exit 0", ["SLURM_JOB_ID": "8"]).wait()
      #expect(result.code == 74 && result.errors.contains("Slurm tells nothing of job 8"), "\(result.summary)")
    }

    @Test func inAnAllocationHostsAreSlurmsToSay() throws {
      // As many ranks as no machine has cores: neither bound nor made to yield, since they are on other nodes.
      let words = ["launch/run", "-n", "4096", "--dry-run", "lockstep", "pretrain"]
      func line(_ environment: [String: String]) throws -> String {
        try MPIRun.startAlone(
          command: ["env", "-C", MPIRun.repository.path] + words, environment: environment, timeoutSeconds: 30
        ).wait().output
      }
      let inside = try line(["SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "n[1-999]"])
      #expect(inside.contains("--bind-to none") && inside.contains("oob_tcp_keepalive_time"), "\(inside)")
      #expect(!inside.contains("--oversubscribe") && !inside.contains("mpi_yield_when_idle"), "\(inside)")
      #expect(try line([:]).contains("--oversubscribe"))
    }
  }
}
