import Foundation
import TestSupport
import Testing

extension Commands {
  /// What was begun and not ended, and what is refused before it is begun.
  @Suite struct InterruptionTests {
    @Test(arguments: [SIGINT, SIGTERM, SIGUSR1]) func aKilledGenerationIsBegunAfresh(signal: Int32) throws {
      let path = Workplace.place("generated")
      let job = try MPIRun.startAlone(
        "lockstep", ["data", "generate", path, "--sequences", "20000", "--lengths", "20000..30000"])
      #expect(job.wait { exists(path + "/values-00000.npy") })
      job.send(signal)
      #expect(job.wait().code != 0)
      #expect(try names(path) == [".incomplete", "values-00000.npy"])
      try refused("data inspect \(path)", code: 65, saying: path, "was interrupted")
      let said = try lockstep("data generate \(path) --sequences 8 --lengths 8..9")
      #expect(said.errors.contains("begun afresh"), "\(said.errors)")
      #expect(try !names(path).contains(".incomplete"))
      try lockstep("data inspect \(path)")
    }

    @Test func aCheckpointOfAnotherRunIsRefusedBeforeAnythingIsMade() throws {
      let run = try Experiment.maskedReference.get()
      let experiment = try Experiment.masked.get()
      let out = Workplace.place("new")
      let line = "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(out)"
      let other = run.checkpoint(10)
      try refused(
        "\(line) --seed 9 --resume \(other)", ranks: 2, code: 64, saying: other, "training.seed: 3 → 9",
        "nothing was changed")
      try refused(
        "\(line) --data-fraction 0.5 --resume \(other)", code: 64, saying: "--data-fraction or --include-splits")
      try refused("\(line) --resume \(run.checkpoint(11))", code: 66, saying: run.checkpoint(11))
      try refused("\(line) --resume latest", code: 66, saying: "--resume latest", "no checkpoint yet")
      #expect(!exists(out))
      // One of its own is taken, by name too.
      let copy = TrainedRun(path: try Workplace.copy(run.path))
      let again =
        "pretrain \(try experiment.recipe) --data \(experiment.data) --out \(copy.path) --resume step-00000020"
      #expect(try lockstep(again).errors.contains("resuming from step-00000020"))
      try copy.expectSameBits(as: run, at: 30, "resumed from a named checkpoint")
    }

    @Test func anotherFractionOfTheLabelsNamesItsOption() throws {
      let experiment = try Experiment.classified.get()
      let run = try experiment.run(["--stop-after", "1", "--label-fraction", "0.5"], expecting: 75)
      let line = "train \(try experiment.recipe) --data \(experiment.data) --out \(run.path) --label-fraction 0.6"
      try refused(line, code: 64, saying: run.path, "--label-fraction or --label-groups: other labels")
    }
  }

  /// `launch/run`, the wrapper of mpirun.
  @Suite struct LaunchRunTests {
    private let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("launch/run").path

    /// Starts `launch/run OPTIONS… COMMAND`, where COMMAND is for bash.
    private func start(_ options: [String], _ command: String) throws -> MPIRun.Job {
      // The executable's name that follows is an argument that bash does not look at.
      try MPIRun.startAlone("lockstep", wrapper: [script] + options + ["bash", "-c", command])
    }

    @Test func aSecondInterruptWhileMpirunWaitsChangesNothing() throws {
      let began = Workplace.place("began")
      let job = try start(
        ["-n", "2", "--grace", "7"], "trap 'exit 75' USR1; : >> \(began); while :; do sleep 0.1; done")
      #expect(job.wait { exists(began) })
      usleep(500_000)
      job.send(SIGINT)
      usleep(4_000_000)
      #expect(job.isRunning, "mpirun did not wait out its grace")
      job.send(SIGINT)
      let result = job.wait()
      #expect(result.code == 75, "\(result.summary)")
    }

    @Test func whatIsNotThereIsToldBeforeMpirunStarts() throws {
      func refused(_ options: [String], _ code: Int32, _ words: String) throws {
        let result = try MPIRun.startAlone("lockstep", wrapper: [script] + options).wait()
        #expect(result.code == code && result.errors.hasPrefix("launch/run: "), "\(options): \(result.summary)")
        #expect(result.errors.contains(words), "\(options): \(result.errors)")
        #expect(!result.errors.contains("mpirun"), "\(options): \(result.errors)")
      }
      try refused(["-n", "2", "no-such-command-anywhere"], 66, "no-such-command-anywhere: no such command")
      try refused(["-n", "2", "./not/there"], 66, "./not/there")
      try refused(["-n", "2", "--hostfile", "/tmp"], 66, "/tmp")
      try refused(["-n", "2", "--hostfile", "/not/there"], 66, "/not/there")
      try refused(["-n", "2", "--grace", "0.5"], 64, "a whole number of seconds from 1 on")
    }
  }
}
