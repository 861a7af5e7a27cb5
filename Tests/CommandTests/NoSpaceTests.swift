import Foundation
import TestSupport
import Testing

extension Commands {
  /// No space left: 74 with the file's name, and what was there before stays and can be gone on with.
  @Suite struct NoSpaceTests {
    /// Runs a shell command; returns its exit code.
    @discardableResult private func shell(_ line: String) throws -> Int32 {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", line]
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      return process.terminationStatus
    }

    @Test func aFileThatMayNotGrow() throws {
      let (experiment, reference) = (try Experiment.masked.get(), try Experiment.maskedReference.get())
      let run = try experiment.run(["--stop-after", "9"], expecting: 75)
      let before = try run.steps.count
      let arguments = ["pretrain", try experiment.recipe, "--data", experiment.data, "--out", run.path]
      // Units of 512 or of 1024 bytes: the weights fit in neither.
      let limited = ["sh", "-c", "ulimit -f 30; exec \"$@\"", "sh"]
      let said = try MPIRun.startAlone("lockstep", arguments, wrapper: limited, timeoutSeconds: 120).wait()
      #expect(said.code == 74, "\(said.summary)")
      #expect(said.errors.contains("\(run.path)/checkpoints/"), "\(said.summary)")
      #expect(said.errors.contains("File too large"), "\(said.summary)")
      #expect(try run.checkpoints == ["step-00000009"], "an incomplete checkpoint has a checkpoint's name")
      #expect(run.step(of: "latest") == 9)
      #expect(before == 9)
      try experiment.run(ranks: 2, into: run.path)
      try run.expectSameBits(as: reference, at: 30, "gone on with after files could not grow")
      FaultLog.add("a file that may not grow", "74, named; same bits")
    }

    @Test(arguments: [1, 2]) func aFullDisk(ranks: Int) throws {
      let disk = Workplace.place("disk")
      try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
      // Room for one checkpoint and a part of the next.
      guard try shell("mount -t tmpfs -o size=280k none \(disk)") == 0 else {
        print("a full disk was not tried: mounting a tmpfs needs privileges; files that may not grow were")
        return
      }
      defer { _ = try? shell("umount \(disk)") }
      let (experiment, reference) = (try Experiment.masked.get(), try Experiment.maskedReference.get())
      let run = TrainedRun(path: disk + "/run")
      let said = try lockstep(
        "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(run.path)", ranks: ranks, expecting: 74)
      #expect(said.errors.contains("No space left on device"), "\(said.summary)")
      #expect(said.errors.contains(run.path), "\(said.summary)")
      #expect(said.seconds < 60, "\(said.summary)")
      #expect(try run.checkpoints == ["step-00000010"])
      #expect(run.step(of: "latest") == 10)

      // Outputs and data sets leave nothing half-made either.
      let made = disk + "/generated"
      try refused("data generate \(made) --sequences 200 --lengths 4000..5000", code: 74, saying: made, "No space left")
      #expect(!exists(made))

      #expect(try shell("mount -o remount,size=20m \(disk)") == 0)
      try experiment.run(ranks: 3, into: run.path)
      try run.expectSameBits(as: reference, at: 30, "gone on with after the disk was full")
      FaultLog.add("a full disk in a checkpoint", "74, named; same bits")
    }
  }
}
