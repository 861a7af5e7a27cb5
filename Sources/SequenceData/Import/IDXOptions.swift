/// How IDX arrays are read.
public struct IDXOptions: Sendable {
  /// What a timestep is.
  public enum Timestep: String, Sendable, CaseIterable {
    /// A row: its columns are the features. An MNIST digit is 28 timesteps of 28 features.
    case row
    /// A value: one feature. An MNIST digit is 784 timesteps.
    case value
  }

  /// What a timestep is.
  public var timestep = Timestep.row
  /// Whether unsigned bytes stay 0...255; otherwise they are divided by 255, so that they go from 0 to 1. Bytes that are
  /// taken as categories stay as they are in any case.
  public var isRaw = false
  /// The labels of the source. Nil: the file beside it that is called as MNIST's would be (`labels-idx1` in place of
  /// `images-idx3`), where there is one; else there are no labels.
  public var labels: String?
  /// The labels of the test source, likewise.
  public var testLabels: String?

  /// Rows as timesteps, bytes from 0 to 1, labels beside the images.
  public init() {}
}
