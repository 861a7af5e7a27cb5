import MessagePassing

/// The parts of training, as a person is told them.
extension Activity.Phase {
  /// Waiting for the batch, which is read ahead.
  static let reading = Activity.Phase("reading", .storage)
  /// The view of the batch, the encoder, the loss.
  static let forward = Activity.Phase("forward")
  /// The adjoint.
  static let backward = Activity.Phase("backward")
  /// Waiting for the last gradients.
  static let reducing = Activity.Phase("gradients")
  /// The optimizer.
  static let updating = Activity.Phase("update")
  /// Looking for the sequences that a loss is not finite with.
  static let diagnosing = Activity.Phase("diagnosis")
  /// Running a model forward over sequences without training.
  static let evaluating = Activity.Phase("evaluation", .storage)
  /// Handing a checkpoint over, or waiting for the one before.
  static let saving = Activity.Phase("checkpoint", .storage)
  /// Waiting for the last checkpoint and publishing the encoder.
  static let finishing = Activity.Phase("end", .storage)
}
