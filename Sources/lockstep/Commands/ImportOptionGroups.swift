import ArgumentParser
import SequenceData

/// What file names say.
struct FileNameOptions: ParsableArguments {
  @Flag(help: "The class is the name of the folder that holds the file.")
  var classFromFolder = false

  @Option(help: "A pattern of the file's name without extension: {class}_{group}_{index}.")
  var fileName: String?

  @Option(help: "Test sequences, by fields of the pattern: index<5 or group=theo,index<5.")
  var testWhere: String?

  @Option(help: "Validation sequences, likewise.")
  var validationWhere: String?

  @Option(
    help: "A CSV file with a header file,class and, if wanted, group and split.", completion: .file(extensions: ["csv"])
  )
  var table: String?

  func fill(_ naming: inout FileNaming) {
    naming.classFromFolder = classFromFolder
    naming.pattern = fileName
    naming.testWhere = testWhere
    naming.validationWhere = validationWhere
    naming.table = table
  }
}

/// How tables are read.
struct TableOptions: ParsableArguments {
  @Option(
    help:
      "What a row is: timestep, sequence (its columns are timesteps) or vector (a sequence of one timestep). (default: timestep)",
    completion: .list(["timestep", "sequence", "vector"])
  )
  var row: String?

  @Option(help: "Whether the first row names the columns.")
  var header: Bool?

  @Option(help: "The character between fields. (default: ,)")
  var delimiter: String?

  @Option(
    help: "The column of the sequence's name. Where a row is a timestep, it tells sequences apart; none: a file is one."
  )
  var sequenceColumn: String?

  @Option(help: "The column of the class: its name, or its number from 1 (from the end: --label-column=-1).")
  var labelColumn: String?

  @Option(help: "The column of the group.")
  var groupColumn: String?

  @Option(help: "The column of the split: train, validation or test.")
  var splitColumn: String?

  @Option(help: "A column of values, repeatable; none: all that are not used otherwise.")
  var valueColumn: [String] = []

  @Option(
    help: "A column of words, repeatable: a feature for each word that the training split has, and one for all others.")
  var symbolicColumn: [String] = []

  @Option(
    help: "Take the words of symbolic columns from this data set, made by another import, instead.",
    completion: .directory)
  var levelsOf: String?

  @Option(help: "A column to pass over, repeatable.")
  var ignoreColumn: [String] = []

  func validate() throws {
    if let row, CSVOptions.Row(rawValue: row) == nil {
      throw ValidationError("--row \(row): expected timestep, sequence or vector")
    }
    if let delimiter, delimiter.count != 1 {
      throw ValidationError("--delimiter \(delimiter): expected one character")
    }
    let columns: [(String, String?)] = [
      ("--sequence-column", sequenceColumn), ("--label-column", labelColumn), ("--group-column", groupColumn),
      ("--split-column", splitColumn),
    ]
    for (option, column) in columns + valueColumn.map({ ("--value-column", $0) })
      + ignoreColumn.map({ ("--ignore-column", $0) }) + symbolicColumn.map({ ("--symbolic-column", $0) })
    where column == "0" {
      throw ValidationError("\(option) 0: columns are counted from 1")
    }
  }

  /// The options that were given.
  var given: [String] {
    let all: [(String, Bool)] = [
      ("--row", row != nil), ("--header", header != nil), ("--delimiter", delimiter != nil),
      ("--sequence-column", sequenceColumn != nil), ("--label-column", labelColumn != nil),
      ("--group-column", groupColumn != nil), ("--split-column", splitColumn != nil),
      ("--value-column", !valueColumn.isEmpty), ("--ignore-column", !ignoreColumn.isEmpty),
      ("--symbolic-column", !symbolicColumn.isEmpty), ("--levels-of", levelsOf != nil),
    ]
    return all.filter(\.1).map(\.0)
  }

  func fill(_ csv: inout CSVOptions) {
    csv.row = row.flatMap(CSVOptions.Row.init(rawValue:)) ?? csv.row
    csv.hasHeader = header
    csv.delimiter = delimiter?.first ?? csv.delimiter
    csv.sequenceColumn = sequenceColumn
    csv.labelColumn = labelColumn
    csv.groupColumn = groupColumn
    csv.splitColumn = splitColumn
    csv.valueColumns = valueColumn
    csv.ignoredColumns = ignoreColumn
    csv.symbolicColumns = symbolicColumn
    csv.levelsOf = levelsOf
  }
}

/// How IDX arrays are read.
struct ArrayOptions: ParsableArguments {
  @Option(
    help: """
      What a timestep is: row, whose columns are the features (an MNIST digit: 28 timesteps of 28 features), or value (784 \
      of one). (default: row)
      """, completion: .list(["row", "value"]))
  var timestep: String?

  @Flag(help: "Bytes stay 0...255; otherwise they are divided by 255.")
  var raw = false

  @Option(help: "The file of the labels; otherwise labels-idx1 beside images-idx3, where it is.", completion: .file())
  var labels: String?

  @Option(help: "The file of the second source's labels, likewise.", completion: .file())
  var testLabels: String?

  func validate() throws {
    try refuseEmpty(("--labels", labels), ("--test-labels", testLabels))
    if let timestep, IDXOptions.Timestep(rawValue: timestep) == nil {
      throw ValidationError("--timestep \(timestep): expected row or value")
    }
  }

  /// The options that were given.
  var given: [String] {
    let all = [
      ("--timestep", timestep != nil), ("--raw", raw), ("--labels", labels != nil),
      ("--test-labels", testLabels != nil),
    ]
    return all.filter(\.1).map(\.0)
  }

  func fill(_ idx: inout IDXOptions) {
    idx.timestep = timestep.flatMap(IDXOptions.Timestep.init(rawValue:)) ?? idx.timestep
    idx.isRaw = raw
    idx.labels = labels
    idx.testLabels = testLabels
  }
}
