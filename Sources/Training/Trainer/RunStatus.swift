/// What `RUN/status.json` says: how a training stands, for people and programs that look at it from outside.
///
/// Nothing reads it back. Written by rank 0 every two seconds and when the training ends; `updated` tells how old it is,
/// so that a job which was killed shows by a time that no longer moves.
struct RunStatus: Encodable, Sendable {
  /// Labelled training sequences that are trained on, and all that there are.
  struct Labels: Encodable, Sendable {
    var used, of: Int
  }

  /// Where the attempt is in its life.
  enum State: String, Encodable, CaseIterable, Sendable {
    /// It goes on, if `updated` moves.
    case training
    /// It was asked to stop and has written a checkpoint.
    case stopped
    /// All steps are done.
    case finished
    /// An error ended it, which `message` tells.
    case failed
  }

  var format = "lockstep-status"
  var version = 1
  var state = State.training
  /// The number of the attempt, from 1: how often a job has begun or gone on with this run.
  let attempt: Int
  /// Steps done, and steps of the run.
  var step: Int
  let steps: Int
  var epoch: Int
  /// What rank 0 was doing: `forward`.
  var phase = ""
  /// Of the last step; `null` where it was not finite.
  var loss: FiniteNumber?
  var accuracy: Double?
  /// Of the last step, before clipping.
  var gradientNorm: FiniteNumber?
  /// The largest resident memory of rank 0.
  var peakBytes: Int?
  /// Over the last steps.
  var timestepsPerSecond: Double?
  var secondsLeft: Double?
  /// The rank that others have waited for in the last steps.
  var straggler: Straggler?
  /// What rank 0 has spent in communication, waiting for others included, and the steps left out, in this attempt.
  var communicationSeconds = 0.0
  var skippedSteps = 0
  /// The newest checkpoint that is whole, and the one with the best validation: names of folders in `checkpoints`.
  var checkpoint, bestCheckpoint: String?
  /// Of a training with labels: how many it was given.
  var labels: Labels?
  let ranks: Int
  /// The hosts, each once, in the order of the ranks.
  let hosts: [String]
  /// Rank 0's process.
  let process: Int32
  /// When the attempt began, and when this was written: ISO 8601.
  let started: String
  var updated: String
  /// The last thing that went wrong: what the watchdog said, or the error that ended the attempt.
  var message: String?
  /// The job's exit code, once it is known.
  var exitCode: Int32?
}
