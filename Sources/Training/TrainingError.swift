import ArrayFiles
import Checkpoints
import DataParallel
import MessagePassing
import SequenceData

/// What can go wrong in training and after it, with the code that the job ends with.
public enum TrainingError: CollectiveError, CustomStringConvertible, Equatable {
  /// Something was asked for that cannot be done. Ends the job with 64.
  case usage(String)
  /// A data set does not hold what is needed. Ends the job with 65.
  case data(String)
  /// Something that should be there is not. Ends the job with 66.
  case missing(String)
  /// The loss or the gradient was not finite in more steps in a row than may be skipped. Ends the job with 70.
  case notFinite(step: Int, what: String, skipped: Int)
  /// Ranks hold other weights, statistics or moments than rank 0. Ends the job with 76.
  case diverged(step: Int, ranks: [Int], hosts: [String])
  /// Another module's error that all ranks met alike.
  case shared(exitCode: Int32, message: String)

  /// The job's exit code.
  public var exitCode: Int32 {
    switch self {
    case .usage: 64
    case .data: 65
    case .missing: 66
    case .notFinite: 70
    case .diverged: 76
    case .shared(let code, _): code
    }
  }

  /// The sentence that is shown.
  public var description: String {
    switch self {
    case .usage(let sentence), .data(let sentence), .missing(let sentence): sentence
    case .notFinite(let step, let what, let skipped):
      "step \(step): the \(what) is not finite, and \(skipped) steps in a row have been skipped for that (training.maxSkippedSteps); the last checkpoint stands. Try a smaller learningRate, clipNorm, or model.input.normalise"
    case .diverged(let step, let ranks, let hosts):
      "after step \(step) weights, statistics or moments differ from rank 0's on \(ranks.map { "rank \($0) (\(hosts[$0]))" }.joined(separator: ", ")): a fault of memory or processor, or other libraries on that host. The last checkpoint stands; go on without that host"
    case .shared(_, let message): message
    }
  }

  /// The code with which an error ends the job, for errors of every module.
  public static func exitCode(of error: any Error) -> Int32 {
    switch error {
    case let error as any CollectiveError: error.exitCode
    case let error as RecipeError: error.exitCode
    case let error as DataError: error.exitCode
    case let error as MPIError: error.exitCode
    case is RunLockError: 64
    case let error as FileError:
      switch error {
      case .missing: 66
      case .damaged: 65
      case .inputOutput: 74
      }
    default: 70
    }
  }

  /// Runs what every rank does alike from the same input, so that an error is every rank's: it ends the job in order,
  /// told once.
  static func alike<R>(_ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as any CollectiveError {
      throw error
    } catch {
      throw TrainingError.shared(exitCode: exitCode(of: error), message: "\(error)")
    }
  }
}
