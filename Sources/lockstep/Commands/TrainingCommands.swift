import ArgumentParser
import SequenceData
import Training

struct Pretrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Pretrain an encoder without labels; writes RUN/encoder.",
    discussion: """
      Examples:
        mpirun -n 4 lockstep pretrain launch/recipes/fsdd.yaml --data fsdd --out runs/pretrained
        lockstep pretrain launch/recipes/fsdd.yaml --data fsdd --out runs/tenth --data-fraction 0.1 --trace
      The same command goes on with a run that was stopped or killed.
      """)

  @OptionGroup var options: TrainingOptions

  @Option(help: "Use a nested, seeded share of the sequences.")
  var dataFraction = 1.0

  @Option(
    help: "Splits that pretraining may see: train, validation, test, separated by commas.",
    completion: .splits,
    transform: { text in try text.split(separator: ",").map { try split(named: String($0), option: "--include-splits") }
    })
  var includeSplits: [Split] = [.train]

  func validate() throws {
    if !(dataFraction > 0 && dataFraction <= 1) {
      throw ValidationError("--data-fraction \(dataFraction): expected a number above 0, at most 1")
    }
  }

  func run() throws {
    var job = options.job(.pretrain)
    job.dataFraction = dataFraction
    job.includeSplits = Set(includeSplits)
    try onAllRanks { try TrainingSession.run(job, $0) }
  }
}

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a classifier from scratch.",
    discussion: """
      Examples:
        mpirun -n 2 lockstep train launch/recipes/reference-block.yaml --data DATA --out runs/scratch
        lockstep train launch/recipes/fsdd.yaml --data fsdd --out runs/scratch --set training.steps=500 --seed 2
      """)

  @OptionGroup var options: TrainingOptions
  @OptionGroup var labels: LabelOptions

  func run() throws {
    var job = options.job(.train)
    job.labels = labels.part
    try onAllRanks { try TrainingSession.run(job, $0) }
  }
}

struct Finetune: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a classifier on a pretrained encoder.",
    discussion: """
      Examples:
        mpirun -n 2 lockstep finetune recipe.yaml --data DATA --encoder runs/pretrained --out runs/tuned
        lockstep finetune recipe.yaml --data DATA --encoder runs/pretrained --out runs/few --label-fraction 0.05
        lockstep finetune recipe.yaml --data DATA --encoder runs/pretrained --out runs/probe --probe
      """)

  @OptionGroup var options: TrainingOptions
  @OptionGroup var labels: LabelOptions

  @Option(help: "A finished pretraining's RUN, or an encoder folder.", completion: .directory)
  var encoder: String

  @Option(
    help: "Take the encoder from this checkpoint of the RUN instead: latest, best, its name or folder.",
    completion: .checkpoints)
  var checkpoint: String?

  @Flag(
    help:
      "Keep the encoder as it is, batch norm included, and train the head alone, on embeddings that each rank makes once."
  )
  var probe = false

  func validate() throws { try refuseEmpty(("--encoder", encoder), ("--checkpoint", checkpoint)) }

  func run() throws {
    var job = options.job(.finetune)
    job.labels = labels.part
    job.encoder = encoder
    job.encoderCheckpoint = checkpoint
    job.isProbe = probe
    try onAllRanks { try TrainingSession.run(job, $0) }
  }
}

struct PlanOfTraining: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Print what a training would do: steps, balance over lanes and ranks, memory, speed. A dry run.",
    discussion: """
      Examples:
        lockstep plan launch/recipes/fsdd.yaml --data fsdd --ranks 8
        lockstep plan launch/recipes/fsdd.yaml --data fsdd --ranks 256 --latency-us 2 --bandwidth-gbps 100
      Speed is predicted for 1, 2, 4, … ranks from the plan, the speed of one core, for which the step is run for a moment,
      and a network: assumed, given, or measured by bench collectives. docs/scaling.md says what the prediction holds.
      """)

  @Argument(help: "The recipe: a YAML file.", completion: .recipe)
  var recipe: String

  @Option(help: "Folder of the data set.", completion: .directory)
  var data: String

  @Option(help: "Number of ranks.")
  var ranks = 1

  @Option(name: .customLong("set"), help: "Overrides a key of the recipe: key.path=value. Repeatable.")
  var overrides: [String] = []

  @OptionGroup(title: "What the training is meant for") var prediction: PredictionOptions

  func validate() throws {
    try refuseEmpty(("RECIPE", recipe), ("--data", data))
    guard (1...BatchRecipe.mostLanes).contains(ranks) else {
      throw ValidationError("--ranks \(ranks): expected a number from 1 to \(BatchRecipe.mostLanes), the most lanes")
    }
  }

  func run() throws {
    var job = TrainingJob(.train, recipe: recipe, data: data, out: "")
    job.overrides = overrides
    try onFirstRank {
      print(try PlanCommand.run(job, ranks: ranks, assuming: prediction.assumptions), terminator: "")
      return 0
    }
  }
}

/// The split of a name, or a usage error.
func split(named name: String, option: String) throws -> Split {
  guard let split = Split(name: name) else {
    throw ValidationError("\(option) \(name): expected train, validation or test")
  }
  return split
}
