import ArgumentParser
import MessagePassing
import SequenceData
import Training

/// What all commands that train have in common.
struct TrainingOptions: ParsableArguments {
  @Argument(help: "The recipe: a YAML file.", completion: .recipe)
  var recipe: String

  @Option(help: "Folder of the data set.", completion: .directory)
  var data: String

  @Option(help: "Folder of the run: made, or gone on with.", completion: .directory)
  var out: String

  @Option(name: .customLong("set"), help: "Overrides a key of the recipe: key.path=value. Repeatable.")
  var overrides: [String] = []

  @Option(help: "Seed: short for --set training.seed=SEED.")
  var seed: Int?

  @Option(
    help:
      "auto: go on where RUN stands; never: refuse a RUN that is not empty; or a checkpoint: latest, its name or folder.",
    completion: .list(["auto", "never", "latest"])
  )
  var resume = "auto"

  @Option(help: "Compute threads of each rank. No bit depends on it.")
  var threads = 1

  @Option(help: "At this step behave as if asked to stop: checkpoint, exit code 75.")
  var stopAfter: Int?

  @OptionGroup(title: "Tracing") var tracing: TraceOptions

  func validate() throws {
    try refuseEmpty(("RECIPE", recipe), ("--data", data), ("--out", out), ("--resume", resume))
    if let stopAfter, stopAfter < 1 { throw ValidationError("--stop-after \(stopAfter): expected a step from 1 on") }
    if threads < 1 { throw ValidationError("--threads \(threads): expected a number from 1 on") }
    if let seed, seed < 0 { throw ValidationError("--seed \(seed): expected a number from 0 on") }
  }

  func job(_ command: TrainingJob.Command) -> TrainingJob {
    var job = TrainingJob(command, recipe: recipe, data: data, out: out)
    job.overrides = overrides + (seed.map { ["training.seed=\($0)"] } ?? [])
    job.resume = resume == "auto" ? .auto : resume == "never" ? .never : .from(resume)
    job.stopAfter = stopAfter
    job.threads = threads
    job.trace = tracing.request
    job.commit = BuiltFrom.commit
    return job
  }
}

/// Which labels are used.
struct LabelOptions: ParsableArguments {
  @Option(help: "Use this share of each class's labelled training sequences, at least one; nested for one seed.")
  var labelFraction: Double?

  @Option(help: "Use the labels of this many whole groups instead.")
  var labelGroups: Int?

  func validate() throws {
    if labelFraction != nil && labelGroups != nil {
      throw ValidationError("--label-fraction and --label-groups exclude each other")
    }
    if let labelFraction, !(labelFraction > 0 && labelFraction <= 1) {
      throw ValidationError("--label-fraction \(labelFraction): expected a number above 0, at most 1")
    }
    if let labelGroups, labelGroups < 1 {
      throw ValidationError("--label-groups \(labelGroups): expected a number from 1 on")
    }
  }

  var part: LabelPart { labelFraction.map { .fraction($0) } ?? labelGroups.map { .groups($0) } ?? .all }
}
