import ArgumentParser
import Glibc
import MessagePassing
import Training

/// The command `lockstep`.
@main
struct Lockstep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lockstep",
    abstract: "Pretrain and fine-tune encoders of long one-dimensional sequences, data-parallel over MPI.",
    discussion: """
      Every command runs alone or under mpirun; only rank 0 prints. The same bits come out on any number of ranks.
        lockstep data generate DATA
        mpirun -n 2 lockstep pretrain recipe.yaml --data DATA --out PRETRAINED
        mpirun -n 2 lockstep finetune recipe.yaml --data DATA --encoder PRETRAINED --out TUNED --label-fraction 0.05
        lockstep evaluate --model TUNED --data DATA
      """,
    version: ProgramVersion.text(commit: BuiltFrom.commit),
    subcommands: [
      DataCommands.self, PlanOfTraining.self, Pretrain.self, Train.self, Finetune.self, Evaluate.self, Predict.self,
      Watch.self, Runs.self,
      Embed.self, Reconstruct.self, Detect.self, Generate.self, Export.self, Trace.self, DoctorCommand.self, Bench.self,
      Report.self,
    ])

  /// Parses and runs; usage errors end with 64, all others with their own code.
  static func main() {
    // A file beyond the limit of its size is an error of the call that writes it, as a full disk is; not a death.
    signal(SIGXFSZ, SIG_IGN)
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      // `lockstep help WORD` of an unknown word would show everything and pass for an answer.
      if let word = UsageAdvice(arguments).unknownWord { throw ValidationError("there is no command \(word)") }
      var command = try parseAsRoot()
      try command.run()
    } catch let code as ExitCode {
      exit(withError: code)
    } catch {
      if exitCode(for: error) == .success { exit(withError: error) }
      if exitCode(for: error) == .validationFailure {
        UsageAdvice(arguments).say(error)
        exit(withError: exitCode(for: error))
      }
      World.abort(code: TrainingError.exitCode(of: error), message: "\(error)")
    }
  }
}

/// Refuses arguments that are there and empty, such as a variable of a script that was never set.
func refuseEmpty(_ arguments: (name: String, value: String?)...) throws {
  for (name, value) in arguments where value?.isEmpty == true {
    throw ValidationError("\(name) is empty")
  }
}

/// Runs a body on all ranks of the world and ends with its exit code.
func onAllRanks(_ body: (Communicator) throws -> Int32) throws {
  let code = World.run(exitCode: TrainingError.exitCode) { world in try body(world.communicator) }
  throw ExitCode(code)
}

/// Runs on rank 0 alone what is no work for many; the others wait for it.
func onFirstRank(_ body: () throws -> Int32) throws {
  try onAllRanks { communicator in
    let code = communicator.rank == 0 ? try body() : 0
    return try communicator.allReduce(code, .max)
  }
}
