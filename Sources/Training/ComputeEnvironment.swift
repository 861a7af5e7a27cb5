import ArrayFiles
import DataParallel
import MessagePassing
import PackedTensors

/// What must hold before anything is computed.
enum ComputeEnvironment {
  /// Sets the calling thread's rounding on every rank and starts to watch over the ranks.
  /// - Parameter threads: compute threads of this rank.
  /// - Returns: the watchdog, which watches for as long as it is kept.
  /// - Throws: a usage error (64) where `LOCKSTEP_ISA` on any rank names no instruction set that its processor has, or gets
  ///   fewer threads.
  static func prepare(_ communicator: Communicator, threads: Int) throws -> Watchdog {
    setFloatEnvironment()
    try Agreement(communicator: communicator).together(exitCode: TrainingError.exitCode) {
      let given = Workers.use(threads)
      if given < threads {
        throw TrainingError.usage(
          "the system gave \(given) of \(threads) compute threads (ulimit -u, or the container's pids.max); give fewer with --threads"
        )
      }
      if let problem = InstructionSet.environmentProblem { throw TrainingError.usage(problem) }
    }
    return try Watchdog(communicator)
  }

  /// SHA-256 of the file that this process runs: equal on all ranks, or they are not one program.
  static func programDigest() throws(FileError) -> String { try Checksum.sha256(ofFile: "/proc/self/exe") }
}
