/// One event of a TensorBoard file: a moment, a step, and what is told of it.
///
/// Source of the field numbers: `event.proto` and `summary.proto` of TensorFlow, in TensorBoard's package as
/// `tensorboard/compat/proto`.
public struct TensorBoardEvent: Sendable {
  /// What an event tells.
  enum Content: Sendable {
    /// The first event of every file.
    case version
    /// A program begins, or goes on, with the event's step: what was told of that step and later ones is void.
    case start
    /// Values, each under its tag.
    case summary([TensorBoardSummary])
  }

  /// Seconds since 1970.
  let seconds: Double
  let step: Int
  let content: Content

  /// The event with which every file begins.
  public static func version(seconds: Double) -> TensorBoardEvent {
    TensorBoardEvent(seconds: seconds, step: 0, content: .version)
  }

  /// A program begins, or goes on, with a step: what was told of it and later ones is void.
  public static func start(step: Int, seconds: Double) -> TensorBoardEvent {
    TensorBoardEvent(seconds: seconds, step: step, content: .start)
  }

  /// Values of a step.
  public static func values(_ values: [TensorBoardSummary], step: Int, seconds: Double) -> TensorBoardEvent {
    TensorBoardEvent(seconds: seconds, step: step, content: .summary(values))
  }

  /// The event as a protocol buffer message.
  var message: [UInt8] {
    ProtobufWriter { event in
      event.double(1, seconds)
      if step != 0 { event.integer(2, step) }
      switch content {
      case .version: event.string(3, "brain.Event:2")
      case .summary(let values):
        event.message(5) { summary in
          for value in values { summary.message(1, value.write) }
        }
      case .start: event.message(7) { $0.integer(1, 1) }
      }
    }.bytes
  }
}
