import ArgumentParser
import Foundation
import SequenceData

struct DataImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a data set from files of another format.",
    discussion: """
      Examples:
        lockstep data import recordings speech --format wav --file-name '{class}_{group}_{index}' --test-where 'index<5'
        lockstep data import PLAID_TRAIN.ts plaid --format ts --test PLAID_TEST.ts
        lockstep data import table.csv data --format csv --sequence-column id --label-column class
        lockstep data import train-images-idx3-ubyte.gz mnist --format idx --test t10k-images-idx3-ubyte.gz
        lockstep data import hapt hapt-windows --format recordings --window 128 --step 64
        lockstep data import rows.csv data --format csv --row sequence --label-column=-1 --validation 0 --test-fraction 0
      A source without splits of its own is divided at random: --validation 0.1 --test-fraction 0.2. docs/data.md has the
      keys and columns of every format.
      """)

  @Argument(help: "A file, or a folder of files.", completion: .file())
  var source: String

  @Argument(help: "A folder that is empty or not there yet.", completion: .directory)
  var out: String

  @Option(
    help: "One of \(ImportOptions.Format.allCases.map(\.rawValue).joined(separator: ", ")).",
    completion: .list(ImportOptions.Format.allCases.map(\.rawValue)))
  var format: String

  @Option(help: "A second source, all of it for testing.", completion: .file())
  var test: String?

  @Option(help: "What the data set is called; otherwise as its folder.")
  var name: String?

  @Option(help: "Makes categories of the values: mu-law:41, of values in -1...1, or linear:41:LO:HI.")
  var quantise: String?

  @Option(help: "Takes the values as categories as they are: whole numbers in 0 ..< this.")
  var categories: Int?

  @Option(help: "Multiplies the values, before anything else is done with them.")
  var scale: Double?

  @Flag(
    help:
      "Give every sequence mean 0 and deviation 1, and keep what that takes away: of each feature its mean, as a part of its root mean square, and that one's logarithm."
  )
  var zNormalise = false

  @Option(help: "Share drawn for validation, by class and by group (0.1, or 0 where the source names some itself).")
  var validation: Double?

  @Option(help: "Share drawn for testing, by class and by group (0.2, or 0 where there are some already).")
  var testFraction: Double?

  @Option(help: "Seed of the drawn splits.")
  var seed: UInt64 = 1

  @Option(help: "Take only sequences of these classes, separated by commas.")
  var onlyClasses: String?

  @Option(help: "Cut sequences into windows of this many timesteps, whole ones only.")
  var window: Int?

  @Option(help: "Timesteps from one window to the next. (default: the window)")
  var step: Int?

  @Flag(help: "Allow recordings of different sample rates in one data set (wav).")
  var mixedSampleRates = false

  @Flag(help: "A file is one sequence (text); otherwise each of its lines is: label<TAB>sentence, or a sentence.")
  var wholeFiles = false

  @OptionGroup(title: "Files by name (wav)") var names: FileNameOptions
  @OptionGroup(title: "Tables (csv)") var table: TableOptions
  @OptionGroup(title: "Arrays (idx)") var arrays: ArrayOptions

  func run() throws {
    guard let known = ImportOptions.Format(rawValue: format) else {
      let formats = ImportOptions.Format.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--format \(format): expected one of \(formats)")
    }
    try refuseEmpty(("SOURCE", source), ("OUT", out), ("--test", test), ("--only-classes", onlyClasses))
    if step != nil && window == nil { throw ValidationError("--step says how far windows are apart; give --window") }
    try refuseForeignOptions(known)
    var options = ImportOptions(format: known)
    options.testSource = test
    options.name = name
    options.quantiser = try quantise.map(Quantiser.init(parsing:))
    options.categories = categories
    options.scale = scale
    options.isZNormalised = zNormalise
    options.mixedSampleRates = mixedSampleRates
    options.wholeFiles = wholeFiles
    options.validation = validation
    options.testFraction = testFraction
    options.seed = seed
    options.onlyClasses = onlyClasses?.split(separator: ",").map(String.init)
    options.windows = window.map { .init(length: $0, step: step ?? $0) }
    names.fill(&options.naming)
    table.fill(&options.csv)
    arrays.fill(&options.idx)
    try onFirstRank {
      announceFreshStart(out)
      var shown = ContinuousClock.now
      let summary = try DatasetImporter.run(source: source, output: out, options: options) { progress in
        guard ContinuousClock.now - shown > .seconds(2) else { return }
        shown = .now
        FileHandle.standardError.write(
          Data("\(progress.sequences) sequences, \(progress.bytes >> 20) MiB read\n".utf8))
      }
      print(
        "imported \(Counted.text(summary.sequences, "sequence")), \(Counted.text(summary.timesteps, "timestep")), "
          + "\(Counted.text(summary.classes.count, "class", plural: "classes")); "
          + "train \(summary.splits[0]), validation \(summary.splits[1]), test \(summary.splits[2])")
      if summary.tooShort > 0 {
        print("left out: \(Counted.text(summary.tooShort, "sequence")) shorter than the window")
      }
      if summary.otherClasses > 0 {
        print("left out: \(Counted.text(summary.otherClasses, "sequence")) of other classes or without one")
      }
      if summary.unknownWords > 0 {
        print(
          "\(Counted.text(summary.unknownWords, "word")) in symbolic columns not known from training: counted as other")
      }
      return 0
    }
  }

  /// Refuses options that only another format has.
  private func refuseForeignOptions(_ format: ImportOptions.Format) throws {
    if format != .csv, let option = table.given.first {
      throw ValidationError("\(option) is for --format csv; \(format.rawValue) has no columns")
    }
    if format != .idx, let option = arrays.given.first {
      throw ValidationError("\(option) is for --format idx, not for \(format.rawValue)")
    }
    if arrays.testLabels != nil, test == nil {
      throw ValidationError("--test-labels are those of a second source; name it with --test")
    }
    if format != .text, wholeFiles {
      throw ValidationError("--whole-files is for --format text; \(format.rawValue) has no lines that are sequences")
    }
    if format != .wav, mixedSampleRates {
      throw ValidationError("--mixed-sample-rates is for --format wav; \(format.rawValue) tells no sample rate")
    }
  }
}
