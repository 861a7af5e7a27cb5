import ArgumentParser
import Foundation
import Training

/// Whether and what a training traces.
struct TraceOptions: ParsableArguments {
  @Flag(help: "Keep a timeline of every rank in RUN/trace (docs/trace.md). No bit depends on it.")
  var trace = false

  @Option(
    help: """
      Trace these steps, such as 101..120 (otherwise 20 behind two of warm-up, then every tenth, every hundredth, …).
      """, transform: steps(_:))
  var traceSteps: ClosedRange<Int>?

  @Option(help: "The most megabytes of the trace, all ranks together.")
  var traceLimitMb = Double(TraceRequest.defaultLimitBytes) / 1e6

  func validate() throws {
    if traceSteps != nil && !trace { throw ValidationError("--trace-steps is for a trace: add --trace") }
    guard traceLimitMb > 0, traceLimitMb <= 4000 else {
      throw ValidationError("--trace-limit-mb \(traceLimitMb): expected a number above 0, at most 4000")
    }
    if traceLimitMb != Double(TraceRequest.defaultLimitBytes) / 1e6 && !trace {
      throw ValidationError("--trace-limit-mb is for a trace: add --trace")
    }
  }

  /// What is asked for; none without `--trace`.
  var request: TraceRequest? {
    guard trace else { return nil }
    var request = TraceRequest()
    request.steps = traceSteps
    request.limitBytes = Int(traceLimitMb * 1e6)
    return request
  }

  private static func steps(_ text: String) throws -> ClosedRange<Int> {
    let ends = text.components(separatedBy: "..").compactMap { Int($0) }
    guard ends.count == 2, text == "\(ends[0])..\(ends[1])", ends[0] >= 1, ends[0] <= ends[1] else {
      throw ValidationError("--trace-steps \(text): expected two steps, such as 101..120")
    }
    return ends[0]...ends[1]
  }
}
