import ArgumentParser
import Foundation
import SequenceData
import Training

struct DataCommands: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Make and check data sets.",
    subcommands: [DataGenerate.self, DataImport.self, DataInspect.self, DataSeal.self])
}

struct DataGenerate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Generate sequences of values 0..40 whose classes differ in temporal structure alone.",
    discussion: "Example: lockstep data generate DATA --sequences 600 --lengths 512..30720")

  @Argument(help: "A folder that is empty or not there yet.")
  var out: String

  @Option(help: "Number of sequences.")
  var sequences = DatasetGenerator().sequences

  @Option(help: "Number of classes.")
  var classes = DatasetGenerator().classes

  @Option(help: "Shortest and longest sequence, log-uniform between: 512..30720.", transform: lengths(_:))
  var lengths: ClosedRange<Int> = DatasetGenerator().lengths

  @Option(help: "Seed.")
  var seed = DatasetGenerator().seed

  @Option(help: "Share of training sequences without a label.")
  var unlabelled = DatasetGenerator().unlabelled

  func run() throws {
    var generator = DatasetGenerator()
    generator.sequences = sequences
    generator.classes = classes
    generator.lengths = lengths
    generator.seed = seed
    generator.unlabelled = unlabelled
    try onFirstRank {
      try generator.write(to: out)
      print("generated \(sequences) sequences in \(out)")
      return 0
    }
  }

  private static func lengths(_ text: String) throws -> ClosedRange<Int> {
    let ends = text.components(separatedBy: "..").compactMap { Int($0) }
    guard ends.count == 2, ends[0] > 0, ends[0] <= ends[1] else {
      throw ValidationError("--lengths \(text): expected SHORTEST..LONGEST, such as 512..30720")
    }
    return ends[0]...ends[1]
  }
}

struct DataImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a data set from files of another format.",
    discussion: """
      Examples:
        lockstep data import recordings speech --format wav --file-name '{class}_{group}_{index}' --test-where 'index<5'
        lockstep data import PLAID_TRAIN.ts plaid --format ts --test PLAID_TEST.ts
        lockstep data import table.csv data --format csv --sequence-column id --label-column class
      """)

  @Argument(help: "A file, or a folder of files.")
  var source: String

  @Argument(help: "A folder that is empty or not there yet.")
  var out: String

  @Option(help: "ts, npz, csv, jsonl, wav or fastq.")
  var format: String

  @Option(help: "A second source, all of it for testing.")
  var test: String?

  @Option(help: "What the data set is called; otherwise as its folder.")
  var name: String?

  @Option(help: "Makes categories of the values: mu-law:41 or linear:41:LO:HI.")
  var quantise: String?

  @Option(help: "Takes the values as categories as they are: whole numbers in 0 ..< this.")
  var categories: Int?

  @Option(help: "Share drawn for validation, by class and by group.")
  var validation: Double?

  @Option(help: "Share drawn for testing, by class and by group.")
  var testFraction: Double?

  @Option(help: "Seed of the drawn splits.")
  var seed: UInt64 = 1

  @OptionGroup(title: "Files by name (wav)") var names: FileNameOptions
  @OptionGroup(title: "Tables (csv)") var table: TableOptions

  func run() throws {
    guard let known = ImportOptions.Format(rawValue: format) else {
      let formats = ImportOptions.Format.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--format \(format): expected one of \(formats)")
    }
    var options = ImportOptions(format: known)
    options.testSource = test
    options.name = name
    options.quantiser = try quantise.map(Quantiser.init(parsing:))
    options.categories = categories
    options.validation = validation
    options.testFraction = testFraction
    options.seed = seed
    names.fill(&options.naming)
    table.fill(&options.csv)
    try onFirstRank {
      var shown = ContinuousClock.now
      let summary = try DatasetImporter.run(source: source, output: out, options: options) { progress in
        guard ContinuousClock.now - shown > .seconds(2) else { return }
        shown = .now
        FileHandle.standardError.write(
          Data("\(progress.sequences) sequences, \(progress.bytes >> 20) MiB read\n".utf8))
      }
      print(
        "imported \(summary.sequences) sequences, \(summary.timesteps) timesteps, \(summary.classes.count) classes; "
          + "train \(summary.splits[0]), validation \(summary.splits[1]), test \(summary.splits[2])")
      return 0
    }
  }
}

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

  @Option(help: "A CSV file with a header file,class and, if wanted, group and split.")
  var table: String?

  func fill(_ naming: inout FileNaming) {
    naming.classFromFolder = classFromFolder
    naming.pattern = fileName
    naming.testWhere = testWhere
    naming.validationWhere = validationWhere
    naming.table = table
  }
}

struct DataInspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Verify a data set: counts, lengths, classes, and every defect.",
    discussion: "Example: lockstep data inspect DATA --json")

  @Argument(help: "The data set.")
  var data: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    try onFirstRank {
      let inspection = try DatasetInspection(at: data)
      print(json ? try inspection.json : inspection.text)
      return inspection.exitCode
    }
  }
}

struct DataSeal: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seal",
    abstract: "Write digests and statistics of a data set's files into its dataset.json.",
    discussion: "Example: lockstep data seal DATA")

  @Argument(help: "The data set.")
  var data: String

  func run() throws {
    try onFirstRank {
      try SequenceDataset.seal(at: data)
      print("sealed \(data)")
      return 0
    }
  }
}

/// How tables are read.
struct TableOptions: ParsableArguments {
  @Option(help: "What a row is: timestep or sequence.")
  var row: String = CSVOptions().row.rawValue

  @Option(help: "Whether the first row names the columns.")
  var header: Bool?

  @Option(help: "The character between fields.")
  var delimiter = ","

  @Option(help: "The column that tells sequences apart, where a row is a timestep; none: a file is one sequence.")
  var sequenceColumn: String?

  @Option(help: "The column of the class: its name, or its number from 0 (from the end: -1).")
  var labelColumn: String?

  @Option(help: "The column of the group.")
  var groupColumn: String?

  @Option(help: "The column of the split: train, validation or test.")
  var splitColumn: String?

  @Option(help: "A column of values, repeatable; none: all that are not used otherwise.")
  var valueColumn: [String] = []

  @Option(help: "A column to pass over, repeatable.")
  var ignoreColumn: [String] = []

  func validate() throws {
    if CSVOptions.Row(rawValue: row) == nil { throw ValidationError("--row \(row): expected timestep or sequence") }
    if delimiter.count != 1 { throw ValidationError("--delimiter \(delimiter): expected one character") }
  }

  func fill(_ csv: inout CSVOptions) {
    csv.row = CSVOptions.Row(rawValue: row) ?? csv.row
    csv.hasHeader = header
    csv.delimiter = delimiter.first ?? ","
    csv.sequenceColumn = sequenceColumn
    csv.labelColumn = labelColumn
    csv.groupColumn = groupColumn
    csv.splitColumn = splitColumn
    csv.valueColumns = valueColumn
    csv.ignoredColumns = ignoreColumn
  }
}
