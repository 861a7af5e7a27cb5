import Foundation
import TestSupport
import Testing

/// The Slurm of `cluster/slurm/up`, from its start to its end.
final class TwoNodeSlurm {
  private let folder = Workplace.place("slurm")

  /// Starts it.
  init() throws {
    let result = try run([MPIRun.repository.appendingPathComponent("cluster/slurm/up").path, folder])
    try #require(result.code == 0, "\(result.summary)")
    #expect(result.output == "export SLURM_CONF=\(folder)/slurm.conf\n", "\(result.summary)")
  }

  deinit {
    let result = try? run([MPIRun.repository.appendingPathComponent("cluster/slurm/down").path, folder])
    #expect(result?.code == 0 && !exists(folder), "\(result?.summary ?? "cluster/slurm/down did not start")")
  }

  /// Runs a command of Slurm.
  @discardableResult func run(_ command: [String], environment: [String: String] = [:]) throws -> MPIRun.Result {
    // Both nodes are this machine, whatever other networks it has, and have fewer cores than ranks.
    let settings = [
      "SLURM_CONF": folder + "/slurm.conf", "OMPI_MCA_btl_tcp_if_include": "lo", "OMPI_MCA_oob_tcp_if_include": "lo",
      "OMPI_MCA_mpi_yield_when_idle": "1",
    ]
    return try MPIRun.startAlone(
      command: command, environment: settings.merging(environment) { $1 }, timeoutSeconds: 60
    ).wait()
  }

  /// Submits `launch/slurm/train.sbatch`: one rank on each node.
  /// - Parameter time: options of sbatch about the time limit.
  func submit(
    _ experiment: Experiment, into run: TrainedRun, launcher: String, time: [String] = ["--time=10"],
    settings: [String: String] = [:], environment: [String: String] = [:]
  ) throws -> Job {
    let all = [
      "TRAIN_PROGRAM": MPIRun.executable("lockstep"), "TRAIN_RECIPE": try experiment.recipe,
      "TRAIN_DATA": experiment.data, "TRAIN_RUN": run.path, "TRAIN_LAUNCHER": launcher,
    ].merging(settings) { $1 }
    let log = Workplace.place("log")
    let command =
      ["sbatch", "--parsable", "--ntasks-per-node=1", "--output=\(log)"] + time
      + ["--export=ALL," + all.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: ",")]
      + [MPIRun.repository.appendingPathComponent("launch/slurm/train.sbatch").path]
    let result = try self.run(command, environment: environment)
    try #require(result.code == 0, "\(result.summary)")
    return Job(slurm: self, number: result.output.trimmingCharacters(in: .whitespacesAndNewlines), logPath: log)
  }

  /// A job that was submitted.
  struct Job {
    let slurm: TwoNodeSlurm
    let number: String
    let logPath: String

    /// What all its starts have said.
    var log: String { (try? text(logPath)) ?? "" }

    /// How often it has started.
    var starts: Int { log.components(separatedBy: "train.sbatch: start ").count - 1 }

    /// A field of Slurm's record of it.
    func field(_ name: String) throws -> String {
      let record = try slurm.run(["scontrol", "show", "job", "--oneliner", number]).output
      return record.split(separator: " ").first { $0.hasPrefix(name + "=") }.map {
        String($0.dropFirst(name.count + 1))
      }
        ?? ""
    }

    /// Sends a signal to the batch script alone.
    func send(_ signal: String) throws {
      let result = try slurm.run(["scancel", "--batch", "--signal=\(signal)", number])
      #expect(result.code == 0, "\(result.summary)")
    }

    /// Waits until a condition holds; returns whether it does before the time is up.
    func wait(_ seconds: Double = 120, until condition: () throws -> Bool) throws -> Bool {
      let start = Date()
      while Date().timeIntervalSince(start) < seconds {
        if try condition() { return true }
        usleep(100_000)
      }
      return try condition()
    }

    /// Waits until it is over, all its processes too, and returns its state.
    func waitForEnd(_ seconds: Double = 240) throws -> String {
      let over: Set = ["COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"]
      var state = ""
      _ = try wait(seconds) {
        state = try field("JobState")
        return over.contains(state)
      }
      return state
    }
  }
}
