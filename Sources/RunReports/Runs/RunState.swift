import FoundationEssentials

/// Where a run is in its life, as one who looks from outside can tell.
enum RunState: String, Encodable, Sendable {
  /// It goes on, and has said so in the last minute.
  case running
  /// It was asked to stop and has written a checkpoint.
  case stopped
  /// All steps are done.
  case finished
  /// An error ended it.
  case failed
  /// It says that it goes on, and has not said so for a minute; or it says nothing.
  case unknown

  init(_ status: RunStatusFile?, at now: Date) {
    self =
      switch status?.state {
      case "training": status?.goesOn(at: now) == true ? .running : .unknown
      case let state?: RunState(rawValue: state) ?? .unknown
      case nil: .unknown
      }
  }
}

extension RunStatusFile {
  /// Seconds since the status was written; nil where it does not tell.
  func age(at now: Date) -> Double? {
    updated.flatMap { try? Date($0, strategy: .iso8601) }.map { max(0, now.timeIntervalSince($0)) }
  }

  /// Seconds from the beginning of the attempt to the last sign of it.
  var attemptSeconds: Double? {
    guard let started = started.flatMap({ try? Date($0, strategy: .iso8601) }),
      let updated = updated.flatMap({ try? Date($0, strategy: .iso8601) })
    else { return nil }
    return max(0, updated.timeIntervalSince(started))
  }
}
