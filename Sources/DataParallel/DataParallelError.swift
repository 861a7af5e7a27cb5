import MessagePassing

/// The ranks cannot go on together. Every rank throws the same error at the same place.
public enum DataParallelError: CollectiveError, Equatable, CustomStringConvertible {
  /// Something that must be equal on all ranks is not; `hosts` are those of the ranks that differ from rank 0.
  case disagreement(what: String, ranks: [Int], hosts: [String])
  /// A rank failed, and the others were told before they waited for it.
  case rankFailed(rank: Int, host: String, exitCode: Int32, message: String)
  /// The test-only variable that drops a contribution cannot be read.
  case invalidFaultInjection(value: String)

  /// The code with which the job ends.
  public var exitCode: Int32 {
    switch self {
    case .disagreement: 76
    case .rankFailed(_, _, let exitCode, _): exitCode
    case .invalidFaultInjection: 64
    }
  }

  /// The sentence that is shown.
  public var description: String {
    switch self {
    case .disagreement(let what, let ranks, let hosts):
      """
      \(what) differs from rank 0's on \
      \(zip(ranks, hosts).map { "rank \($0) (\($1))" }.joined(separator: ", ")): give every rank the same program, \
      recipe and files
      """
    // What rank 0 met, every rank would have met where all see the same files.
    case .rankFailed(0, _, _, let message): message
    case .rankFailed(let rank, let host, _, let message): "rank \(rank) on \(host): \(message)"
    case .invalidFaultInjection(let value):
      "LOCKSTEP_TEST_DROP is \"\(value)\"; it must be gradients:RANK, statistics:RANK or weights:RANK:STEP, and is for tests only"
    }
  }
}
