/// A reader of files that may come from anybody: what the fuzzers feed, and what their corpus is replayed through.
public enum HostileReader: String, CaseIterable, Sendable {
  /// Weights and optimizer states.
  case safetensors
  /// One NumPy array.
  case npy
  /// Archives of NumPy arrays, and their import.
  case npz
  /// Import of aeon's and sktime's text format.
  case ts
  /// Import of tables, plain or gzip.
  case csv
  /// Import of JSON Lines, plain or gzip.
  case jsonl
  /// Import of recordings.
  case wav
  /// Import of sequencing reads, plain or gzip.
  case fastq
  /// Import of text, line by line and whole, plain or gzip.
  case text
  /// Import of recordings: `index.csv`, `segments.csv` and `data.i16`, with a byte 0 between them.
  case recordings
  /// Import of IDX arrays and of their labels, plain or gzip.
  case idx
  /// A data set: `dataset.json` and the arrays that it names.
  case dataset
  /// A recipe.
  case recipe

  /// What became of the bytes.
  public enum Outcome: Sendable, Equatable {
    /// They are a sound file, which was read to its end.
    case value
    /// They were refused with this sentence.
    case refused(String)
    /// They were refused with an error that is none of the project's own, which is a defect.
    case untyped(String)
  }
}
