import Glibc

/// For tests only: one rank's contribution is replaced by zeros, to show that a comparison of bits notices.
///
/// Set by the environment variable `LOCKSTEP_TEST_DROP`, which is read here and nowhere else: `gradients:RANK` or
/// `statistics:RANK`.
public enum FaultInjection: Equatable, Sendable {
  /// Nothing is dropped.
  case none
  /// This rank's gradients are dropped.
  case gradients(rank: Int)
  /// This rank's shared statistics (batch-norm moments and their adjoints) are dropped.
  case statistics(rank: Int)

  /// What the environment asks for; ``none`` where the variable is not set.
  public static func fromEnvironment() throws(DataParallelError) -> FaultInjection {
    guard let variable = getenv("LOCKSTEP_TEST_DROP") else { return .none }
    return try FaultInjection(String(cString: variable))
  }

  /// Reads `gradients:RANK` or `statistics:RANK`.
  public init(_ text: String) throws(DataParallelError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let rank = Int(parts[1]), rank >= 0 else { throw .invalidFaultInjection(value: text) }
    switch parts[0] {
    case "gradients": self = .gradients(rank: rank)
    case "statistics": self = .statistics(rank: rank)
    default: throw .invalidFaultInjection(value: text)
    }
  }
}
