/// How a table of text is read.
///
/// Columns are named as the header names them, or by number: counted from 1, or from the end as -1, -2, …
public struct CSVOptions: Sendable {
  /// What a row is.
  public enum Row: String, Sendable, CaseIterable {
    /// A timestep; its columns are the features. Rows of one sequence follow one another.
    case timestep
    /// A sequence of one feature; its columns are the timesteps. Rows may differ in length.
    case sequence
    /// A sequence of one timestep; its columns are the features.
    case vector
  }

  /// What a row is.
  public var row = Row.timestep
  /// Whether the first row names the columns. Nil: yes for rows that are timesteps; for rows that are sequences only
  /// where a column is chosen by name.
  public var hasHeader: Bool?
  /// The character between fields.
  public var delimiter: Character = ","
  /// The column of the sequence's name. Of rows that are timesteps it tells the sequences apart; nil: a file is one.
  public var sequenceColumn: String?
  /// The column of the class, if any. An empty field means no label.
  public var labelColumn: String?
  /// The column of the group, if any.
  public var groupColumn: String?
  /// The column of the split (train, validation, test), if any.
  public var splitColumn: String?
  /// The columns that hold values, in their order. Empty: all that are not used otherwise.
  public var valueColumns: [String] = []
  /// Columns of words, each of which becomes several features: one for each of its levels, and a last one for any other
  /// word; 1 where it is that, else 0. The levels are the words that the training split has, in natural order. Not for
  /// rows that are sequences.
  public var symbolicColumns: [String] = []
  /// A data set of another import whose levels are taken instead; nil: those of this one's training split.
  public var levelsOf: String?
  /// Columns to pass over.
  public var ignoredColumns: [String] = []

  /// A row a timestep, with a header, and every column a feature.
  public init() {}
}
