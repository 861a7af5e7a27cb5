/// What each call that waits for other ranks took this rank, in the order of the calls, which is the same on all ranks.
///
/// All ranks but the last to come wait in a call, so the fewest seconds that any of them spent in it are those of the
/// communication itself. Ranks come last by turns, so that of the sums over calls even the least holds waiting.
/// What a ``GradientReducer`` does in a step counts as one call. Owned by one thread.
public final class CommunicationClock {
  /// Seconds of each call since ``begin()``.
  public private(set) var calls: [Double] = []

  /// A clock without calls.
  public init() {}

  /// Forgets all calls.
  public func begin() { calls.removeAll(keepingCapacity: true) }

  /// Times a call.
  public func call<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    let start = ContinuousClock.now
    defer { add((ContinuousClock.now - start) / .seconds(1)) }
    return try body()
  }

  /// Adds a call that was timed elsewhere.
  public func add(_ seconds: Double) { calls.append(seconds) }
}
