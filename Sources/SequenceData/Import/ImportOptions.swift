/// What is imported, and how.
public struct ImportOptions: Sendable {
  /// The formats that are read.
  public enum Format: String, Sendable, CaseIterable {
    /// aeon's and sktime's `.ts`.
    case ts
    /// NumPy archives: `values` and `offsets`, or `X`; `labels` or `y`, `splits`, `groups`.
    case npz
    /// Tables of text, see ``CSVOptions``.
    case csv
    /// JSON Lines: `{"values":[…] or [[…],…], "label":…, "group":…, "split":…}`.
    case jsonl
    /// RIFF/WAVE recordings; class, group and split come from ``FileNaming``.
    case wav
    /// Qualities of sequencing reads, plain or gzip.
    case fastq

    /// How the names of files of this format end, for sources that are folders.
    var extensions: [String] {
      switch self {
      case .fastq: [".fastq", ".fq", ".fastq.gz", ".fq.gz"]
      case .wav: [".wav", ".wave"]
      case .csv: [".csv", ".tsv", ".csv.gz", ".tsv.gz"]
      case .jsonl: [".jsonl", ".jsonl.gz"]
      case .ts, .npz: ["." + rawValue]
      }
    }
  }

  /// The format of the source.
  public var format: Format
  /// A second source, of the same format, all of whose sequences are for testing.
  public var testSource: String?
  /// What the data set is called; nil: as its folder.
  public var name: String?
  /// What the values are multiplied by, before anything else is done with them.
  public var scale: Double?
  /// Whether recordings of different sample rates may stand in one data set.
  public var mixedSampleRates = false
  /// Makes categories of the values.
  public var quantiser: Quantiser?
  /// Takes the values as categories as they are, integers in `0 ..< categories`.
  public var categories: Int?
  /// The share of validation sequences, drawn from those that have no split of their own. Nil: 0.1, or none if the
  /// source names validation sequences itself.
  public var validation: Double?
  /// The share of test sequences, drawn from those that have no split of their own. Nil: 0.2, or none if there are test
  /// sequences already.
  public var testFraction: Double?
  /// What splits are drawn with.
  public var seed: UInt64 = 1
  /// Bounds a shard's values, in bytes.
  public var shardBytes = 256 << 20
  /// How tables are read.
  public var csv = CSVOptions()
  /// What the names of files say.
  public var naming = FileNaming()

  /// The usual options for a format.
  public init(format: Format) { self.format = format }
}

/// What an import wrote.
public struct ImportSummary: Sendable, Equatable {
  /// The number of sequences.
  public var sequences: Int
  /// The number of timesteps.
  public var timesteps: Int
  /// The names of the classes.
  public var classes: [String]
  /// The number of sequences of each split: train, validation, test.
  public var splits: [Int]
  /// What the values are.
  public var values: ValueKind
}
