import ArrayFiles

/// `lockstep trace`: the trace of a run in one file, also where the run did not come to its end.
public enum TraceCommand {
  /// Writes the trace of an attempt.
  /// - Parameters:
  ///   - attempt: the attempt's number; none: the last one that has left a trace.
  ///   - out: the file.
  /// - Returns: what was written, in words.
  /// - Throws: ``TrainingError/missing(_:)`` where the run has no such trace, and file errors.
  public static func run(_ run: String, attempt: Int?, out: String) throws -> String {
    guard AtomicFile.exists(run) else {
      throw FileError.missing(path: run, advice: "name the --out folder of a training")
    }
    let folder = TraceFolder(run: run)
    let attempts = try folder.attempts
    guard let last = attempts.last else {
      throw TrainingError.missing("\(run): no step was traced; train with --trace")
    }
    guard let name = attempt.map({ number in attempts.first { Int($0) == number } }) ?? last else {
      let known = attempts.compactMap { Int($0) }.map(String.init).joined(separator: ", ")
      throw TrainingError.missing("--attempt \(attempt ?? 0): \(run) has traces of these attempts: \(known)")
    }
    try OutputPlace.check(file: out)
    let number = Int(name) ?? 0
    if AtomicFile.exists(folder.whole(ofAttempt: name)) {
      try AtomicFile.write(AtomicFile.read(folder.whole(ofAttempt: name), limit: 1 << 32), to: out)
      return "attempt \(number): the trace written when it ended"
    }
    let trace = JoinedTrace(try folder.readParts(ofAttempt: name))
    try AtomicFile.write(trace.bytes, to: out)
    return "attempt \(number): \(trace.words)"
  }
}
