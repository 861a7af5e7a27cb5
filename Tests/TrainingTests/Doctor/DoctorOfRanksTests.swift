import Testing

@testable import Training

/// What the doctor says of invented ranks: how they were started, and what they compute with.
@Suite struct DoctorOfRanksTests {
  private let check = CoresCheck(threads: 1)

  private func rank(
    _ allowed: [Int], threads: Int = 1, of cores: Int = 4, quota: Double? = nil
  ) -> CoresCheck.Observation {
    .init(
      threads: threads, processor: .init(allowed: allowed, cores: allowed, coresOfHost: cores, quota: quota))
  }

  @Test func aCoreForEveryThread() {
    expectWell(check.judge(seen(["a", "a"]) { rank([$0]) }))
    expectWell(check.judge(seen(["a", "a"]) { _ in rank([0, 1, 2, 3], threads: 2) }))
    expectWell(check.judge(seen(["a", "b"]) { _ in rank([0]) }))
    expectWell(check.judge(seen(["a"]) { _ in rank([0, 1, 2, 3], threads: 4, quota: 4) }))
  }

  @Test func twoRanksOnOneCore() {
    expectFinding(
      check.judge(seen(["a", "a", "b"]) { _ in rank([3]) }), "ranks 0-1 on a are bound to the same core (3)",
      "launch/run")
    // A shell that is bound to half of the machine.
    expectFinding(
      check.judge(seen(["a", "a", "a"]) { _ in rank([0, 1]) }), "ranks 0-2 on a are bound to the same 2 cores (0-1)",
      "3 compute threads together")
  }

  @Test func oneCoreForTwoThreads() {
    expectFinding(
      check.judge(seen(["a"]) { _ in rank([2], threads: 2) }),
      "rank 0 on a is bound to 1 core (2) and has 2 compute threads", "slot:PE=2")
    expectFinding(
      check.judge(seen(["a", "a"]) { rank([$0], threads: 2) }),
      "ranks 0-1 on a are bound to 1 core each and have 2 compute threads")
  }

  @Test func moreThreadsThanCores() {
    expectFinding(
      check.judge(seen(["a", "a", "a"]) { _ in rank([0, 1], of: 2) }), "a has 2 cores", "3 ranks", "at most 2 ranks")
    expectFinding(
      check.judge(seen(["a", "b", "b"]) { _ in rank([0, 1, 2, 3], threads: 3) }), "b has 4 cores",
      "6 compute threads", "at most 1 rank of 3 threads")
    expectFinding(
      check.judge(seen(["a", "a"]) { _ in rank([0, 1, 2, 3], quota: 1.5) }), "the time of 1.5 of its 4 cores",
      "docker run --cpus")
  }

  @Test func hardwareThreadsOfACoreCountOnce() {
    let one = CoresCheck.Observation(
      threads: 2, processor: .init(allowed: [0, 4], cores: [0], coresOfHost: 4, quota: nil))
    expectFinding(check.judge(seen(["a"]) { _ in one }), "bound to 1 core (0,4)")
  }

  @Test func coresThatAreNotToldAreNotWell() {
    let verdict = check.judge(seen(["a"]) { _ in .init(threads: 1, processor: nil) })
    #expect(verdict.findings.isEmpty && verdict.notChecked.count == 1, "\(verdict)")
  }

  private func launch(
    _ library: String = "Open MPI v4.1.4, package: Debian", ranks: Int = 2,
    by variable: String? = "OMPI_COMM_WORLD_SIZE",
    launched: Int? = 2, rank: Int? = 0
  ) -> LaunchCheck.Observation {
    .init(library: library, ranks: ranks, launcher: variable, launchedRanks: launched, launchedRank: rank)
  }

  @Test func oneWorldOfOneMPI() {
    let check = LaunchCheck()
    let verdict = check.judge(seen(["a", "b"]) { launch(rank: $0) })
    expectWell(verdict)
    #expect(verdict.remarks == ["Open MPI v4.1.4; 2 ranks on 2 hosts"])
    expectWell(check.judge(seen(["a"]) { _ in launch(ranks: 1, by: nil, launched: nil, rank: nil) }))
  }

  @Test func theLauncherStartedMoreThanMPIKnows() {
    expectFinding(
      LaunchCheck().judge(seen(["a"]) { _ in launch(ranks: 1, launched: 4) }),
      "OMPI_COMM_WORLD_SIZE says that this job has 4 ranks, MPI's world has 1", "mpirun of Open MPI v4.1.4")
    expectFinding(
      LaunchCheck().judge(seen(["a"]) { _ in launch(ranks: 1, by: "PMIX_RANK", launched: nil, rank: 2) }),
      "PMIX_RANK says that this job has 3 ranks", "--mpi=pmix")
    var alone = launch(ranks: 1, by: "SLURM_NTASKS", launched: 4)
    alone.isWithoutProcessManagement = true
    expectFinding(LaunchCheck().judge(seen(["a"]) { _ in alone }), "srun started 4 tasks", "srun --mpi=pmix")
  }

  @Test func anotherReleaseOfMPI() {
    expectFinding(
      LaunchCheck().judge(seen(["a", "a", "b"]) { launch($0 == 2 ? "Open MPI v4.1.6" : "Open MPI v4.1.4", ranks: 2) }),
      "rank 2 on b: Open MPI v4.1.6; rank 0 on a: Open MPI v4.1.4")
  }

  @Test func anotherProgram() {
    let digests = ["aa", "aa", "bb"]
    expectFinding(
      ProgramCheck().judge(seen(["a", "a", "b"]) { .init(digest: digests[$0]) }),
      "rank 2 on b runs another program than rank 0 on a", "rsync")
    expectWell(ProgramCheck().judge(seen(["a", "b"]) { _ in .init(digest: "aa") }))
    let unread = ProgramCheck().judge(seen(["a", "b"]) { $0 == 0 ? .init(digest: "aa") : .init(problem: "no /proc") })
    #expect(unread.findings.isEmpty && unread.notChecked.first?.why == "rank 1 on b: no /proc", "\(unread)")
  }

  @Test func instructionSets() {
    func judge(_ active: [String], best: String = "avx512bf16") -> Verdict {
      InstructionSetCheck().judge(seen(["a", "b"]) { .init(active: active[$0], best: best) })
    }
    expectWell(judge(["avx512", "avx512"], best: "avx512"))
    expectWell(judge(["avx512", "avx512bf16"], best: "avx512"))
    expectFinding(judge(["avx512", "avx2"]), "rank 1 on b computes with avx2, others with avx512", "LOCKSTEP_ISA")
    expectFinding(judge(["avx2", "avx512"], best: "avx2"), "rank 0 on a", "hosts of one kind")
    expectFinding(judge(["portable", "portable"], best: "portable"), "without AVX2")
    expectFinding(
      InstructionSetCheck().judge(seen(["a"]) { _ in .init(active: "avx2", best: "avx2", problem: "LOCKSTEP_ISA=x") }),
      "rank 0 on a: LOCKSTEP_ISA=x", "unset")
  }
}
