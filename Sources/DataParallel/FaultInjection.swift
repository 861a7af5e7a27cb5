import Glibc

/// For tests only: one rank's contribution is replaced by zeros, or one bit of its weights flipped, to show that a
/// comparison of bits notices.
///
/// Set by the environment variable `LOCKSTEP_TEST_DROP`, which is read here and nowhere else: `gradients:RANK`,
/// `statistics:RANK` or `weights:RANK:STEP`.
public enum FaultInjection: Equatable, Sendable {
  /// Nothing is dropped.
  case none
  /// This rank's gradients are dropped.
  case gradients(rank: Int)
  /// This rank's shared statistics (batch-norm moments and their adjoints) are dropped.
  case statistics(rank: Int)
  /// A bit of this rank's weights is flipped after this many steps.
  case weights(rank: Int, step: Int)

  /// What the environment asks for; ``none`` where the variable is not set.
  public static func fromEnvironment() throws(DataParallelError) -> FaultInjection {
    guard let variable = getenv("LOCKSTEP_TEST_DROP") else { return .none }
    return try FaultInjection(String(cString: variable))
  }

  /// Reads `gradients:RANK`, `statistics:RANK` or `weights:RANK:STEP`.
  public init(_ text: String) throws(DataParallelError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.dropFirst().compactMap { Int($0) }.filter { $0 >= 0 }
    switch (parts[0], numbers.count, parts.count) {
    case ("gradients", 1, 2): self = .gradients(rank: numbers[0])
    case ("statistics", 1, 2): self = .statistics(rank: numbers[0])
    case ("weights", 2, 3): self = .weights(rank: numbers[0], step: numbers[1])
    default: throw .invalidFaultInjection(value: text)
    }
  }
}
