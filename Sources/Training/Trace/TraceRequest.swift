/// What `--trace` asks for.
public struct TraceRequest: Sendable, Equatable {
  /// The steps that are traced, as metrics.jsonl counts them; none: `includes(_:after:)` chooses.
  public var steps: ClosedRange<Int>?
  /// The most bytes of the joined trace, about.
  public var limitBytes = TraceRequest.defaultLimitBytes

  /// 64 MB.
  public static let defaultLimitBytes = 64_000_000
  /// Steps of an attempt that are not looked at: memory is still being taken.
  private static let warmupSteps = 2
  /// Steps that are traced one after another before they become rarer.
  private static let stretch = 20

  /// The default: the first steps after the warm-up, then ever rarer ones.
  public init() {}

  /// Whether a step is traced: by default the first twenty behind two of warm-up, then every tenth, from two hundred on
  /// every hundredth, and so on, so that a run of any length has a small trace with something of all its parts.
  /// - Parameters:
  ///   - step: the step's number, from 1.
  ///   - done: steps that were done when the attempt began.
  func includes(_ step: Int, after done: Int) -> Bool {
    if let steps { return steps.contains(step) }
    let place = step - done - 1 - TraceRequest.warmupSteps
    guard place >= 0 else { return false }
    var interval = 1
    while place >= TraceRequest.stretch * interval { interval *= 10 }
    return place % interval == 0
  }

  /// Whether clocks are compared before a traced step: they drift by some 10 µs a second. A function of the step alone,
  /// so that all ranks do so together.
  func comparesClocks(before step: Int, after done: Int) -> Bool {
    !includes(step - 1, after: done) || step % TraceRequest.stretch == 0
  }
}
