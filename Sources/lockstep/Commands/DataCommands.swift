import ArgumentParser
import Foundation
import SequenceData
import Training

struct DataCommands: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Make and check data sets.",
    discussion: """
      Examples:
        lockstep data generate DATA --sequences 600
        lockstep data import recordings speech --format wav --file-name '{class}_{group}_{index}'
        lockstep data inspect DATA
      """,
    subcommands: [DataGenerate.self, DataImport.self, DataInspect.self, DataSeal.self])
}

struct DataGenerate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Generate sequences of values 0..40, or sentences as bytes, whose classes differ in structure alone.",
    discussion: """
      Examples:
        lockstep data generate DATA --sequences 600 --lengths 512..30720
        lockstep data generate DATA --process grammar --sequences 4000 --unlabelled 0
      """)

  @Argument(help: "A folder that is empty or not there yet.", completion: .directory)
  var out: String

  @Option(help: "Number of sequences.")
  var sequences = DatasetGenerator().sequences

  @Option(help: "order: values 0..40 whose speed changes in an order of the class's; grammar: sentences as bytes.")
  var process = DatasetGenerator().process

  @Option(help: "Number of classes: 4, or of a grammar 2.")
  var classes: Int?

  @Option(help: "Shortest and longest sequence, log-uniform between: 512..30720 (order).", transform: lengths(_:))
  var lengths: ClosedRange<Int>?

  @Option(help: "Seed.")
  var seed = DatasetGenerator().seed

  @Option(help: "Share of training sequences without a label.")
  var unlabelled = DatasetGenerator().unlabelled

  func validate() throws {
    try refuseEmpty(("OUT", out))
    if process == .grammar, lengths != nil {
      throw ValidationError("--lengths is for --process order; sentences are as long as the grammar makes them")
    }
  }

  func run() throws {
    var generator = DatasetGenerator()
    generator.process = process
    generator.sequences = sequences
    generator.classes = classes ?? (process == .grammar ? 2 : generator.classes)
    generator.lengths = lengths ?? generator.lengths
    generator.seed = seed
    generator.unlabelled = unlabelled
    try onFirstRank {
      announceFreshStart(out)
      try generator.write(to: out)
      print("generated \(Counted.text(sequences, "sequence")) in \(out)")
      return 0
    }
  }

  static func lengths(_ text: String) throws -> ClosedRange<Int> {
    let ends = text.components(separatedBy: "..").compactMap { Int($0) }
    guard ends.count == 2, ends[0] > 0, ends[0] <= ends[1] else {
      throw ValidationError("--lengths \(text): expected SHORTEST..LONGEST, such as 512..30720")
    }
    return ends[0]...ends[1]
  }
}

struct DataInspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Verify a data set: counts, lengths, classes, and every defect.",
    discussion: "Example: lockstep data inspect DATA --json")

  @Argument(help: "The data set.", completion: .directory)
  var data: String

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws { try refuseEmpty(("DATA", data)) }

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

  @Argument(help: "The data set.", completion: .directory)
  var data: String

  func validate() throws { try refuseEmpty(("DATA", data)) }

  func run() throws {
    try onFirstRank {
      try SequenceDataset.seal(at: data)
      print("sealed \(data)")
      return 0
    }
  }
}

extension DatasetGenerator.Process: ExpressibleByArgument {}

/// Says where a data set is begun afresh.
func announceFreshStart(_ out: String) {
  if DatasetWriter.isInterrupted(at: out) {
    FileHandle.standardError.write(
      Data("\(out) holds what an interrupted import or generation has left: it is begun afresh\n".utf8))
  }
}
