import Foundation
import TestSupport
import Testing

extension Commands {
  /// `doctor` on this machine, as it is and as it should not be.
  @Suite struct DoctorTests {
    private struct Report: Decodable {
      struct Finding: Decodable {
        var check, what, why, remedy: String
      }
      struct NotChecked: Decodable {
        var check, why: String
      }
      struct Rank: Decodable {
        var rank: Int
        var host: String
      }
      var findings: [Finding]
      var notChecked: [NotChecked]
      var remarks: [String]
      var ranks: [Rank]

      /// What a check found.
      func findings(of check: String) -> [Finding] { findings.filter { $0.check == check } }
    }

    private static let cores = ProcessInfo.processInfo.activeProcessorCount

    /// What a job printed, which is one report, and that its exit code agrees with it.
    private func report(_ result: MPIRun.Result, sourceLocation: SourceLocation = #_sourceLocation) throws -> Report {
      let report = try #require(
        try? JSONDecoder().decode(Report.self, from: Data(result.output.utf8)), "\(result.summary)",
        sourceLocation: sourceLocation)
      #expect(
        result.code == (report.findings.isEmpty ? 0 : 1), "\(result.summary)", sourceLocation: sourceLocation)
      return report
    }

    private func doctor(
      _ more: String = "", ranks: Int = 1, environment: [String: String] = [:],
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Report {
      let arguments = ["doctor", "--json"] + more.split(separator: " ").map(String.init)
      let result =
        ranks == 1
        ? try MPIRun.runAlone("lockstep", arguments, environment: environment)
        : try MPIRun.run(ranks: ranks, "lockstep", arguments, environment: environment)
      return try report(result, sourceLocation: sourceLocation)
    }

    /// Any command line, in which LOCKSTEP stands for the program.
    private func job(_ line: String) throws -> MPIRun.Result {
      let words = line.split(separator: " ").map { $0 == "LOCKSTEP" ? MPIRun.executable("lockstep") : String($0) }
      return try MPIRun.startAlone(
        command: words,
        environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"], timeoutSeconds: 60
      ).wait()
    }

    /// Expects one finding of a check, saying these words.
    private func expect(
      _ report: Report, _ check: String, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) {
      let findings = report.findings(of: check)
      #expect(findings.count == 1, "\(report)", sourceLocation: sourceLocation)
      for word in words {
        #expect(
          findings.first?.what.contains(word) == true, "\"\(word)\" in \(findings)", sourceLocation: sourceLocation)
      }
    }

    @Test(arguments: [1, 2, 3]) func aGoodPlace(ranks: Int) throws {
      let experiment = try Experiment.masked.get()
      let out = Workplace.place("run")
      let found = try doctor("--data \(experiment.data) --out \(out)", ranks: ranks)
      #expect(found.ranks.map(\.rank) == Array(0..<ranks))
      // This machine may have too few cores, or little memory, or small pages; nothing else may be found.
      let ill = found.findings.filter { !["memory", "cores", "instructions"].contains($0.check) }
      #expect(ill.isEmpty, "\(ill)")
      if ranks > DoctorTests.cores { expect(found, "cores", "\(ranks) compute threads") }
      #expect(!exists(out))
      #expect(found.remarks.contains { $0.hasPrefix("data: \(experiment.data) is the same") }, "\(found.remarks)")
      #expect(found.remarks.contains { $0.hasPrefix("run: ") }, "\(found.remarks)")
      if ranks > 1 {
        let way = ranks == 2 ? "sums: by MPI's all-reduce" : "sums: by Lockstep's own exchange (3 ranks"
        #expect(found.remarks.contains { $0.hasPrefix(way) }, "\(found.remarks)")
      }
    }

    @Test func whatIsNotAskedForIsNotWell() throws {
      let found = try doctor()
      #expect(Set(found.notChecked.map(\.check)).isSuperset(of: ["data", "run"]), "\(found.notChecked)")
    }

    @Test func peopleReadAPage() throws {
      let result = try MPIRun.run(ranks: 2, "lockstep", ["doctor"])
      #expect(result.output.hasPrefix("Open MPI v"), "\(result.summary)")
      #expect(result.output.contains("\nrank  host"), "\(result.summary)")
      #expect(result.output.contains(result.code == 0 ? "\nall well\n" : "\n1. "), "\(result.summary)")
      #expect(result.output.contains("\nnot checked: data: no data set is named: --data DIR\n"), "\(result.summary)")
      #expect(result.output.components(separatedBy: "Open MPI v").count == 2, "\(result.summary)")
    }

    @Test func oneCoreForTwoThreads() throws {
      let found = try report(try job("mpirun -n 1 --bind-to core LOCKSTEP doctor --json --threads 2"))
      if DoctorTests.cores > 1 {
        expect(found, "cores", "rank 0 on ", "is bound to 1 core", "2 compute threads")
      } else {
        expect(found, "cores", "has 1 core")
      }
    }

    @Test func twoRanksOnOneCore() throws {
      let found = try report(
        try job("taskset -c 0 mpirun -n 2 --oversubscribe --bind-to none LOCKSTEP doctor --json"))
      if DoctorTests.cores > 1 {
        expect(found, "cores", "ranks 0-1 on ", "are bound to the same core (0)")
      } else {
        expect(found, "cores", "has 1 core")
      }
    }

    @Test func ranksOfTwoPrograms() throws {
      // An executable may have anything behind its end.
      let other = try Workplace.copy(MPIRun.executable("lockstep"))
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: other))
      try handle.seekToEnd()
      try handle.write(contentsOf: Data([0]))
      try handle.close()
      let found = try report(
        try job(
          "mpirun --oversubscribe --bind-to none -n 2 LOCKSTEP doctor --json : -n 1 \(other) doctor --json"))
      expect(found, "program", "rank 2 on ", "another program than rank 0")
    }

    @Test func dataThatIsMissing() throws {
      let data = try Experiment.masked.get().data
      let missing = Workplace.place("missing")
      expect(try doctor("--data \(missing)"), "data", "rank 0 on ", missing)
      let some = try report(
        try job(
          "mpirun --oversubscribe --bind-to none -n 1 LOCKSTEP doctor --json --data \(data) : "
            + "-n 1 LOCKSTEP doctor --json --data \(missing)"))
      expect(some, "data", "rank 1 on ", missing)
      var waves = PlainDataset.waves(lengths: [20, 30])
      waves.labels = [1, 0]
      let other = try waves.write()
      let different = try report(
        try job(
          "mpirun --oversubscribe --bind-to none -n 1 LOCKSTEP doctor --json --data \(data) : "
            + "-n 1 LOCKSTEP doctor --json --data \(other)"))
      expect(different, "data", "rank 1 on ", "another data set than on rank 0")
    }

    @Test func runFoldersThatWillNotDo() throws {
      // Nobody can write there, root neither.
      expect(try doctor("--out /proc/run", ranks: 2), "run", "rank 0: /proc")
      let above = Workplace.place("above")
      expect(try doctor("--out \(above)/run"), "run", "\(above) is not there")
      #expect(!exists(above))
      let file = try Workplace.file("file", "mine")
      expect(try doctor("--out \(file)"), "run", file, "is a file")
      #expect(try text(file) == "mine")
      try FileManager.default.createDirectory(atPath: above, withIntermediateDirectories: true)
      #expect(try doctor("--out \(above)/run").findings(of: "run").isEmpty)
      #expect(try doctor("--out \(above)").findings(of: "run").isEmpty)
      #expect(try names(above).isEmpty)
    }

    @Test func ranksThatMPIDoesNotConnect() throws {
      let first = ["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "0"]
      expect(
        try doctor(environment: first), "launch", "OMPI_COMM_WORLD_SIZE says that this job has 4 ranks",
        "MPI's world has 1")
      let second = try MPIRun.runAlone(
        "lockstep", ["doctor"], environment: first.merging(["OMPI_COMM_WORLD_RANK": "1"]) { $1 })
      #expect(second.code == 1 && second.output.isEmpty, "\(second.summary)")
      let slurm = ["SLURM_PROCID": "0", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "3"]
      expect(try doctor(environment: slurm), "launch", "srun started 3 tasks")
    }

    @Test func sumsInAnotherOrder() throws {
      let found = try doctor(ranks: 4, environment: ["OMPI_MCA_coll_tuned_allreduce_algorithm": "4"])
      expect(found, "sums", "MPI does not add in tree order: MPI_Allreduce of ")
    }

    @Test func fewOpenFiles() throws {
      let job = try MPIRun.startAlone(
        "lockstep", ["doctor", "--json"], wrapper: ["sh", "-c", "ulimit -n 100; exec \"$@\"", "sh"])
      expect(try report(job.wait()), "limits", "may have 100 files open")
    }

    @Test func badUsage() throws {
      try refused("doctor --threads 0", code: 64, saying: "--threads 0")
      try refused("doctor --data", [""], code: 64, saying: "--data is empty")
      try refused("doctor --out", [""], code: 64, saying: "--out is empty")
      try refused("doctor runs/mine", code: 64, saying: "runs/mine")
    }
  }
}
