/// Something that took a while, or a number at a moment, on one rank.
public struct TimelineEvent: Sendable {
  /// What kind of thing.
  public enum Kind: UInt8, Sendable {
    /// One step of training; `number` is the step's, from 1.
    case step
    /// A part of a step: `forward`.
    case phase
    /// A layer's forward pass; the name is that of its parameter.
    case forward
    /// A layer's backward pass.
    case backward
    /// A piece of work besides layers.
    case work
    /// A call that every rank makes in the same order; `number` is the call's, the same on all ranks.
    case collective
    /// A call that may wait for other ranks.
    case message
    /// A reduction under way while other work goes on; `number` is its bytes. Several may overlap.
    case flight
    /// A number at a moment: `number`.
    case counter
  }

  /// On which thread.
  public enum Track: UInt8, Sendable {
    /// The one that trains.
    case training = 1
    /// The one that reads the next batch.
    case reading
    /// The one that writes checkpoints.
    case checkpoints
  }

  /// A name that costs no allocation: one that is there already.
  public enum Name: Sendable {
    /// Of a parameter.
    case text(String)
    /// Of the program.
    case fixed(StaticString)
  }

  /// What kind of thing.
  public let kind: Kind
  /// On which thread.
  public let track: Track
  /// Its name.
  public let name: Name
  /// What ``Kind`` says; 0 where it says nothing.
  public let number: Int
  /// When it began, in nanoseconds of ``MonotonicTime``.
  public let start: Int64
  /// When it was over; `start` of a counter, and of what is not over yet.
  public internal(set) var end: Int64

  init(_ kind: Kind, on track: Track, name: Name, number: Int, start: Int64, end: Int64) {
    (self.kind, self.track, self.name, self.number) = (kind, track, name, number)
    (self.start, self.end) = (start, end)
  }

  /// An event of the thread that trains.
  public init(_ kind: Kind, _ name: StaticString, number: Int = 0, start: Int64, end: Int64) {
    self.init(kind, on: .training, name: .fixed(name), number: number, start: start, end: end)
  }
}
