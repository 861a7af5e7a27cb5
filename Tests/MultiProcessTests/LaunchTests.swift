import MessagePassing
import TestSupport
import Testing

extension MultiProcess {
  @Suite struct LaunchTests {
    @Test func ranksOfOneMachineKnowTheirLocalRanks() throws {
      for line in try scenario(["launch"], ranks: 3) {
        #expect(line.values == ["localRank": "\(line.rank)", "localSize": "3", "ranks": "3"])
      }
    }

    @Test func oneRankNeedsNoLauncher() throws {
      let result = try MPIRun.runAlone("mpi-scenarios", ["launch"])
      #expect(result.code == 0, "\(result.summary)")
      #expect(result.output.contains(#""size":1"#), "\(result.summary)")
    }

    @Test(arguments: [0, 2]) func aRankThatThrowsEndsAllWithItsCode(rank: Int) throws {
      let result = try MPIRun.run(ranks: 3, "mpi-scenarios", ["throw", "\(rank)", "65"], timeoutSeconds: 20)
      #expect(result.code == 65, "\(result.summary)")
      #expect(result.seconds < 20, "\(result.summary)")
      #expect(result.errors.contains("rank \(rank) of 3"), "\(result.summary)")
      #expect(result.errors.contains("values-00000.npy is damaged"), "\(result.summary)")
    }

    @Test func aloneAnErrorKeepsItsCodeToo() throws {
      let result = try MPIRun.runAlone("mpi-scenarios", ["throw", "0", "66"], timeoutSeconds: 20)
      #expect(result.code == 66, "\(result.summary)")
      #expect(result.errors == "lockstep: shard values-00000.npy is damaged\n", "\(result.summary)")
    }

    @Test func anAbortReachesRanksThatNeverCallMPIAgain() throws {
      let result = try MPIRun.run(ranks: 3, "mpi-scenarios", ["abort", "1", "42"], timeoutSeconds: 20)
      #expect(result.code == 42, "\(result.summary)")
      #expect(result.seconds < 20, "\(result.summary)")
    }

    @Test(arguments: [
      (["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "0"], "OMPI_COMM_WORLD_SIZE says"),
      (["PMI_SIZE": "2", "PMI_RANK": "1"], "PMI_SIZE says"),
      (["SLURM_PROCID": "0", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "3"], "srun --mpi=pmix"),
    ])
    func separateWorldsAreRefused(environment: [String: String], sentence: String) throws {
      let result = try MPIRun.runAlone("mpi-scenarios", ["launch"], environment: environment, timeoutSeconds: 20)
      #expect(result.code == 64, "\(result.summary)")
      #expect(result.errors.contains(sentence), "\(result.summary)")
      #expect(result.output.isEmpty, "\(result.summary)")
    }

    @Test func aWorldLargerThanTheLauncherSaysIsRefused() throws {
      // mpirun sets its own variable last, so a foreign launcher's has to stand in its place.
      let launcher = try #require(Launcher(environment: { ["PMI_SIZE": "2", "PMI_RANK": "0"][$0] }))
      #expect(throws: LaunchError.separateWorlds(launcher: "PMI_SIZE", expected: 2, found: 4)) {
        try launcher.check(worldSize: 4)
      }
      #expect(throws: Never.self) { try launcher.check(worldSize: 2) }
    }

    @Test func theBatchScriptOfASlurmJobIsAlone() {
      let batch = ["SLURM_JOB_ID": "7", "SLURM_PROCID": "0", "SLURM_NTASKS": "8"]
      #expect(Launcher(environment: { batch[$0] }) == nil)
    }

    @Test func underMpirunTheDaemonsSlurmStepIsNotAskedFor() throws {
      let daemon = [
        "SLURM_PROCID": "0", "SLURM_STEP_ID": "1", "SLURM_STEP_NUM_TASKS": "2", "OMPI_COMM_WORLD_SIZE": "8",
        "OMPI_COMM_WORLD_RANK": "3",
      ]
      let launcher = try #require(Launcher(environment: { daemon[$0] }))
      #expect(launcher.ranks == 8)
      #expect(throws: Never.self) { try Launcher.checkBeforeStart(environment: { daemon[$0] }) }
    }
  }
}
