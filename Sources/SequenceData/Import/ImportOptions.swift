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
    /// Recordings of several channels in one file, with their segments, see `RecordingsSource`.
    case recordings
    /// Arrays of MNIST's format, plain or gzip, see ``IDXOptions``.
    case idx
    /// Bytes of text: a line a sequence, `label<TAB>sentence` or a sentence, or a file a sequence.
    case text

    /// How the names of files of this format end, for sources that are folders.
    var extensions: [String] {
      switch self {
      case .fastq: [".fastq", ".fq", ".fastq.gz", ".fq.gz"]
      case .wav: [".wav", ".wave"]
      case .csv: [".csv", ".tsv", ".csv.gz", ".tsv.gz"]
      case .jsonl: [".jsonl", ".jsonl.gz"]
      case .recordings: ["index.csv"]
      case .idx: ["idx2", "idx3", "idx4"].flatMap { [$0 + "-ubyte", $0 + "-ubyte.gz"] } + [".idx", ".idx.gz"]
      case .text: [".txt", ".txt.gz"]
      case .ts, .npz: ["." + rawValue]
      }
    }

    /// The number of categories that values of this format can be; none where they are reals.
    var categories: Int? {
      switch self {
      case .fastq: FASTQSource.categories
      case .text: TextSource.categories
      default: nil
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
  /// Whether every sequence is z-normalised, and its means and deviations become features; see `ZNormalisation`.
  public var isZNormalised = false
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
  /// The classes whose sequences are taken; nil: all, unlabelled ones too.
  public var onlyClasses: [String]?
  /// Cuts sequences into windows of equal length; nil: leaves them whole. Windows of a sequence that has no group become
  /// a group, so that no split shares them.
  public var windows: Windows?
  /// How tables are read.
  public var csv = CSVOptions()
  /// How IDX arrays are read.
  public var idx = IDXOptions()
  /// Whether a file of text is one sequence; else each of its lines is.
  public var wholeFiles = false
  /// What the names of files say.
  public var naming = FileNaming()

  /// Windows of a sequence: of `length` timesteps, one every `step`, whole ones only.
  public struct Windows: Sendable {
    /// Timesteps.
    public var length: Int
    /// Timesteps from the start of one to the start of the next.
    public var step: Int

    /// Windows of so many timesteps.
    public init(length: Int, step: Int) { (self.length, self.step) = (length, step) }
  }

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
  /// Sequences left out because they are shorter than a window, or of a class that was not asked for.
  public var tooShort = 0, otherClasses = 0
  /// Words of symbolic columns that are none of the training split's.
  public var unknownWords = 0
}
