import CMPI
import Glibc

/// An error that every rank throws at the same place with the same content, because the ranks agreed on it.
///
/// It needs no abort: each rank unwinds, rank 0 says the sentence, and all end with the same code.
public protocol CollectiveError: Error {
  /// The code with which the job ends.
  var exitCode: Int32 { get }
}

extension World {
  /// Starts MPI, runs `body` on this rank and ends MPI; the value is the process's exit code.
  ///
  /// An error that `body` throws ends the whole job with that error's code: a ``CollectiveError`` in order, any other
  /// by ``abort(code:message:)``, since the other ranks may be waiting for this one.
  /// - Parameters:
  ///   - exitCode: the code, 1...125, for an error that is not of this module.
  ///   - refusesSeparateWorlds: whether a launcher that speaks of other ranks than MPI's is an error.
  ///   - body: the job; returns its exit code, the same on all ranks.
  public static func run(
    exitCode: (any Error) -> Int32, refusesSeparateWorlds: Bool = true, _ body: (borrowing World) throws -> Int32
  ) -> Int32 {
    let world: World
    do {
      world = try World.start(refusesSeparateWorlds: refusesSeparateWorlds)
    } catch {
      say("lockstep: \(error)")
      return World.exitCode(of: error, otherwise: exitCode)
    }
    let rank = world.communicator.rank
    do {
      let code = try body(world)
      try world.finish()
      return code
    } catch let error as any CollectiveError {
      if rank == 0 { say("lockstep: \(error)") }
      if finalize() { return error.exitCode }
      abort(code: error.exitCode, message: "MPI did not end in order")
    } catch {
      abort(code: World.exitCode(of: error, otherwise: exitCode), message: "\(error)")
    }
  }

  /// Ends the job on all ranks at once: prints the rank and the reason on standard error, then calls MPI_Abort.
  ///
  /// mpirun kills the other ranks and ends with `code`, which must be 1...125 to survive shells and launchers.
  public static func abort(code: Int32, message: String) -> Never {
    precondition((1...125).contains(code), "an exit code of \(code) would not reach the caller")
    var initialized: Int32 = 0
    var finalized: Int32 = 0
    var rank: Int32 = 0
    var size: Int32 = 1
    MPI_Initialized(&initialized)
    MPI_Finalized(&finalized)
    if initialized != 0 && finalized == 0 {
      MPI_Comm_rank(cmpi_comm_world(), &rank)
      MPI_Comm_size(cmpi_comm_world(), &size)
    }
    guard size > 1 else {
      say("lockstep: \(message)")
      exit(code)
    }
    say("lockstep: rank \(rank) of \(size) on \(hostName): \(message)")
    MPI_Abort(cmpi_comm_world(), code)
    _exit(code)  // should MPI_Abort ever return
  }

  /// Ends MPI after an error on which all ranks agree; communicators need no freeing then.
  private static func finalize() -> Bool {
    var finalized: Int32 = 0
    MPI_Finalized(&finalized)
    return finalized != 0 || MPI_Finalize() == cmpi_success()
  }

  private static func exitCode(of error: any Error, otherwise: (any Error) -> Int32) -> Int32 {
    switch error {
    case let error as MPIError: error.exitCode
    case let error as LaunchError: error.exitCode
    case let error as any CollectiveError: error.exitCode
    default: otherwise(error)
    }
  }

  /// Writes one line to standard error in one call, so that lines of several ranks do not mix.
  private static func say(_ sentence: String) {
    let line = Array((visible(sentence) + "\n").utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// A text without control characters, which file names may hold and terminals obey: each becomes `\u{1b}`. Lines and
  /// tabs stay.
  private static func visible(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      let isControl = scalar.value < 0x20 && scalar != "\n" && scalar != "\t" || (0x7F...0x9F).contains(scalar.value)
      if isControl {
        result += "\\u{" + String(scalar.value, radix: 16) + "}"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// This machine's name.
  public static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown host" }
    return name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }
}
