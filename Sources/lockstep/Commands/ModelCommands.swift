import ArgumentParser
import Foundation
import MessagePassing
import SequenceData
import Training

/// Which model and which data.
struct ModelOptions: ParsableArguments {
  @Option(help: "The RUN whose model is used.", completion: .directory)
  var model: String

  @Option(help: "Folder of the data set.", completion: .directory)
  var data: String

  @Option(
    help: """
      latest, best, a checkpoint's name (step-00000200) or its folder; otherwise the best if validation ran, else the \
      latest.
      """, completion: .checkpoints)
  var checkpoint: String?

  @Option(help: "Compute threads of each rank.")
  var threads = 1

  func validate() throws {
    try refuseEmpty(("--model", model), ("--data", data), ("--checkpoint", checkpoint))
    if threads < 1 { throw ValidationError("--threads \(threads): expected a number from 1 on") }
  }

  func command(split name: String?) throws -> ModelCommand {
    var command = ModelCommand(
      model: model, checkpoint: checkpoint, data: data,
      split: try name.map { try split(named: $0, option: "--split") })
    command.threads = threads
    return command
  }
}

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Evaluate a classifier on the labelled sequences of a split.",
    discussion: "Example: lockstep evaluate --model runs/tuned --data DATA --json report.json")

  @OptionGroup var options: ModelOptions

  @Option(help: "train, validation or test.", completion: .splits)
  var split = "test"

  @Option(help: "Write the report as JSON to this file.", completion: .file(extensions: ["json"]))
  var json: String?

  func validate() throws { try refuseEmpty(("--json", json)) }

  func run() throws {
    let command = try options.command(split: split)
    try onAllRanks { communicator in
      try command.evaluate(json: json, communicator) { print($0.text) }
      return 0
    }
  }
}

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write each sequence's class and probabilities as CSV.",
    discussion: "Example: lockstep predict --model runs/tuned --data DATA --out predictions.csv")

  @OptionGroup var options: ModelOptions

  @Option(help: "Only this split; otherwise all sequences.", completion: .splits)
  var split: String?

  @Option(help: "The CSV file.", completion: .file(extensions: ["csv"]))
  var out: String

  func validate() throws { try refuseEmpty(("--out", out)) }

  func run() throws {
    let command = try options.command(split: split)
    try onAllRanks {
      try command.predict(to: out, $0)
      return 0
    }
  }
}

struct Embed: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write each sequence's pooled embedding as a NumPy array [n, width].",
    discussion: "Example: lockstep embed --model runs/pretrained --data DATA --out embeddings.npy")

  @OptionGroup var options: ModelOptions

  @Option(help: "Only this split; otherwise all sequences.", completion: .splits)
  var split: String?

  @Option(help: "The .npy file.", completion: .file(extensions: ["npy"]))
  var out: String

  func validate() throws { try refuseEmpty(("--out", out)) }

  func run() throws {
    let command = try options.command(split: split)
    try onAllRanks {
      try command.embed(to: out, $0)
      return 0
    }
  }
}

struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model as safetensors with PyTorch's names, and as ONNX.",
    discussion: "Example: lockstep export --model runs/tuned --out exported --onnx")

  @Option(help: "The RUN whose model is exported.", completion: .directory)
  var model: String

  @Option(help: "latest, best, a checkpoint's name (step-00000200) or its folder.", completion: .checkpoints)
  var checkpoint: String?

  @Option(help: "A folder that is empty or not there yet.", completion: .directory)
  var out: String

  @Flag(help: "Also write encoder.onnx and, of a classifier, model.onnx (docs/onnx.md).")
  var onnx = false

  func validate() throws { try refuseEmpty(("--model", model), ("--out", out), ("--checkpoint", checkpoint)) }

  func run() throws {
    try onAllRanks { communicator in
      if communicator.rank == 0 {
        let choice = try ExportCommand.run(model: model, checkpoint: checkpoint, out: out, onnx: onnx)
        print("exported \(model) (\(choice)) to \(out)")
      }
      try communicator.barrier()
      return 0
    }
  }
}

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure the speed of training.",
    discussion: "Example: mpirun -n 2 lockstep bench step --recipe RECIPE --lengths lengths.txt",
    subcommands: [BenchStep.self, BenchKernels.self, BenchCollectives.self])
}

struct BenchStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Timesteps a second of the function that trains, over one pass of given lengths, 8 sequences a step.",
    discussion:
      "Example: mpirun -n 2 lockstep bench step --recipe launch/recipes/reference-block.yaml --lengths lengths.txt")

  @Option(help: "The recipe.", completion: .recipe)
  var recipe: String

  @Option(help: "A text file with a length a line.", completion: .file())
  var lengths: String

  @Option(name: .customLong("set"), help: "Overrides a key of the recipe: key.path=value. Repeatable.")
  var overrides: [String] = []

  @Option(help: "Compute threads of each rank.")
  var threads = 1

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if threads < 1 { throw ValidationError("--threads \(threads): expected a number from 1 on") }
  }

  func run() throws {
    let all = try readLengths()
    // Each rank its own: ranks on other hosts do not see this one's temporary files.
    let folder = NSTemporaryDirectory() + "/lockstep-bench-data-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try onAllRanks { communicator in
      try BenchCommand.writeDataset(lengths: all, to: folder)
      let result = try BenchCommand.run(
        recipe: recipe, overrides: overrides, data: folder, threads: threads, communicator)
      if communicator.rank == 0 {
        print(try json ? result.json() : result.text)
      }
      return 0
    }
  }

  private func readLengths() throws -> [Int] {
    guard let text = try? String(contentsOfFile: lengths, encoding: .utf8) else {
      throw TrainingError.missing("\(lengths): cannot be read; expected a text file with a length a line")
    }
    let fields = text.split(whereSeparator: \.isWhitespace)
    let numbers = fields.compactMap { Int($0) }
    guard !numbers.isEmpty, numbers.count == fields.count, numbers.allSatisfy({ $0 > 0 }) else {
      throw TrainingError.data("\(lengths): expected whole numbers above 0, separated by white space")
    }
    return numbers
  }
}
