import Foundation
import TestSupport
import Testing

extension Trainings {
  /// Hosts that share no storage: recipe, run and model lie where rank 0 is, and each host has its copy of the data.
  @Suite struct SeparateFoldersTests {
    /// Two folders that stand for two hosts' disks; both hold a copy of the data set under `data`.
    private struct Disks {
      let first = Workplace.place("first")
      let others = Workplace.place("others")

      init(_ experiment: Experiment) throws {
        for folder in [first, others] {
          try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
          try FileManager.default.copyItem(atPath: experiment.data, toPath: folder + "/data")
        }
        try FileManager.default.copyItem(atPath: experiment.recipe, toPath: first + "/recipe.yaml")
      }

      /// Runs `lockstep` with rank 0 in the first folder and the other ranks in the other one.
      @discardableResult func run(_ line: String, ranks: Int, expecting code: Int32 = 0) throws -> MPIRun.Result {
        let script = try Workplace.file(
          "apart.sh",
          """
          if [ "$OMPI_COMM_WORLD_RANK" = 0 ]; then cd \(first); else cd \(others); fi
          exec \(MPIRun.executable("lockstep")) \(line)
          """)
        let result = try MPIRun.startAlone(
          command: [
            "mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle",
            "1",
            "-n", "\(ranks)", "sh", script,
          ], timeoutSeconds: 120
        ).wait()
        #expect(result.code == code, "\(line): \(result.summary)")
        return result
      }
    }

    @Test func onlyTheDataIsNeededBesideRankZero() throws {
      let (experiment, reference) = (try Experiment.masked.get(), try Experiment.maskedReference.get())
      let disks = try Disks(experiment)
      let pretrain = "pretrain recipe.yaml --data data --out run"
      try disks.run(pretrain + " --stop-after 12", ranks: 2, expecting: 75)
      try disks.run(pretrain, ranks: 3)
      let run = TrainedRun(path: disks.first + "/run")
      try run.expectSameBits(as: reference, at: 30, "resumed where only rank 0 sees the run")

      try disks.run(
        "finetune recipe.yaml --data data --encoder run --out tuned --set training.steps=12 --set training.validateEvery=4",
        ranks: 2)
      try disks.run("evaluate --model tuned --data data --json report.json", ranks: 2)
      try disks.run("embed --model run --data data --out embedded.npy", ranks: 3)
      let (tuned, embedded) = (disks.first + "/tuned", Workplace.place("embedded.npy"))
      let report = Workplace.place("report.json")
      try lockstep("evaluate --model \(tuned) --data \(experiment.data) --json \(report)")
      try lockstep("embed --model \(run.path) --data \(experiment.data) --out \(embedded)")
      #expect(try bytes(disks.first + "/report.json") == bytes(report))
      #expect(try bytes(disks.first + "/embedded.npy") == bytes(embedded))
      #expect(try names(disks.others) == ["data"], "something was written beside the data")
    }

    @Test func aCopyOfTheDataThatIsMissingOrAnotherIsNamed() throws {
      let disks = try Disks(try Experiment.masked.get())
      let pretrain = "pretrain recipe.yaml --data data --out run"
      try PlainDataset.patch(disks.others + "/data", "offsets-00000.npy", at: 1, Int64(65))
      let other = try disks.run(pretrain, ranks: 2, expecting: 76)
      #expect(other.errors.contains("The data set data"), "\(other.errors)")
      #expect(other.errors.contains("rank 1"), "\(other.errors)")
      try FileManager.default.removeItem(atPath: disks.others + "/data")
      let missing = try disks.run(pretrain, ranks: 2, expecting: 66)
      #expect(missing.errors.contains("rank 1"), "\(missing.errors)")
      #expect(missing.errors.contains("data"), "\(missing.errors)")
      #expect(try names(disks.first).sorted() == ["data", "recipe.yaml"], "a run was begun")
    }
  }
}
