import MessagePassing

/// How long a rank may take for one phase before the job is ended, in seconds; 0: for ever.
public struct WatchdogLimits: Sendable, Equatable {
  /// An ordinary phase of a step.
  public var seconds: Double
  /// What happens once: before the first step, and in it.
  public var startSeconds: Double
  /// What waits for storage: checkpoints, and the reading of batches.
  public var storageSeconds: Double

  /// Limits in seconds.
  public init(seconds: Double = 120, startSeconds: Double = 900, storageSeconds: Double = 600) {
    self.seconds = seconds
    self.startSeconds = startSeconds
    self.storageSeconds = storageSeconds
  }

  /// After how long a rank whose watchdog says nothing counts as lost; nil for never. No phase is a reason for silence:
  /// the process has stopped, or its host or network is gone, which is to be noticed within a minute.
  var silence: Double? { limit(.ordinary).map { min($0, 45) } }

  /// The limit of a phase; nil for none.
  func limit(_ patience: Activity.Patience) -> Double? {
    let seconds =
      switch patience {
      case .ordinary: self.seconds
      case .start: startSeconds
      case .storage: storageSeconds
      }
    return seconds > 0 ? seconds : nil
  }
}
