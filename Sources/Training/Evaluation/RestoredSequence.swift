/// A sequence beside what a model told of it: of what was hidden, or of all of it.
public struct RestoredSequence: Sendable {
  /// The data set's id.
  public var id: Int
  /// Features of a timestep.
  public var features: Int
  /// Whether values are categories.
  public var areCategories: Bool
  /// The sequence, `[timesteps, features]`, in units of the data set.
  public var values: [Float]
  /// What the model read, where noise or zeros were put in place of values; as `values`.
  public var given: [Float]?
  /// The stretches of timesteps that were hidden from it.
  public var hidden: [Range<Int>]
  /// What it told, as `values`; NaN where it told nothing. Empty where it told spectra.
  public var told: [Float]
  /// The spectra that it told.
  public var spectra: Spectra?

  /// log(1 + magnitude) of the spectrum of each whole frame, feature by feature.
  public struct Spectra: Sendable {
    /// Timesteps of a frame.
    public var frame: Int
    /// Numbers of a frame: features times bins.
    public var bins: Int
    /// Of the sequence as it is, a row a whole frame; as the encoder reads it.
    public var actual: [[Float]]
    /// What was told of each hidden frame.
    public var told: [Int: [Float]]
  }
}
