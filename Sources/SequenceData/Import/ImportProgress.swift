/// How far writing a data set has come.
public struct ImportProgress: Sendable, Equatable {
  /// Sequences so far.
  public var sequences: Int
  /// Bytes of the source read so far; of generated data, bytes of values made.
  public var bytes: Int

  /// A state of progress.
  public init(sequences: Int, bytes: Int) {
    self.sequences = sequences
    self.bytes = bytes
  }
}
