import Checkpoints
import DataParallel
import MessagePassing
import Networks
import PackedTensors
import SequenceData

/// One training command from its arguments to its exit code, on all ranks.
public struct TrainingSession {
  let job: TrainingJob
  let recipe: Recipe
  let dataset: SequenceDataset
  let communicator: Communicator
  let agreement: Agreement
  let watchdog: Watchdog
  /// The classes that are trained on and validated.
  let classes: ChosenClasses
  let selection: Selection
  let normalisation: InputNormalisation
  let pretrained: PretrainedEncoder?
  let identity: RunIdentity
  let folder: RunFolder

  var isFirst: Bool { communicator.rank == 0 }
  var seed: UInt64 { UInt64(recipe.training.seed) }

  /// Runs a job on all ranks; returns the exit code, the same on all.
  public static func run(_ job: TrainingJob, _ communicator: Communicator) throws -> Int32 {
    StopSignals.install()
    let watchdog = try ComputeEnvironment.prepare(communicator, threads: job.threads)
    let session = try TrainingSession(job, communicator, watchdog)
    watchdog.setLimits(session.recipe.training.watchdog)
    let code = try ModelBuilder.build(
      session.recipe.model, objective: session.recipe.objective, precision: session.recipe.precision,
      data: DataDescription(session.dataset), seed: session.seed, isEncoderFrozen: job.isProbe, for: session)
    watchdog.stop()
    return code
  }

  private init(_ job: TrainingJob, _ communicator: Communicator, _ watchdog: Watchdog) throws {
    self.job = job
    self.watchdog = watchdog
    self.communicator = communicator
    agreement = Agreement(communicator: communicator)
    folder = RunFolder(path: job.out)
    try agreement.requireSame(job.out, of: "The run's folder (--out)")
    try agreement.requireSame(
      try agreement.together(exitCode: TrainingError.exitCode) { try ComputeEnvironment.programDigest() },
      of: "The program (its file's SHA-256)")
    let recipe = try TrainingSession.sharedRecipe(job, agreement)
    guard communicator.size <= recipe.batch.lanes else {
      throw TrainingError.usage(
        "\(communicator.size) ranks cannot share \(recipe.batch.lanes) lanes: use at most \(recipe.batch.lanes) ranks, or --set batch.lanes=\(communicator.size.nextPowerOfTwo) (which changes the bits)"
      )
    }
    dataset = try agreement.together(exitCode: TrainingError.exitCode) { try SequenceDataset(at: job.data) }
    try agreement.requireSame(dataset.fingerprint, of: "The data set \(job.data)")
    let (opened, chosen) = (dataset, recipe)
    let classes = try TrainingError.alike {
      try ChosenClasses(chosen.training.classes, of: opened, option: "\(job.recipe): training.classes")
    }
    self.classes = classes
    selection = try TrainingError.alike {
      let seed = UInt64(chosen.training.seed)
      return job.command == .pretrain
        ? try Selection.unlabelled(
          opened, splits: job.includeSplits, classes: classes, fraction: job.dataFraction, seed: seed)
        : try Selection.labelled(opened, classes: classes, part: job.labels, seed: seed)
    }
    if job.command == .finetune {
      let loaded = try PretrainedEncoder.load(job, agreement, communicator)
      try TrainingError.alike { try loaded.check(chosen.model, job: job, dataset: opened) }
      pretrained = loaded
    } else {
      pretrained = nil
    }
    self.recipe = recipe
    try agreement.requireSame(recipe.identity, of: "The recipe \(job.recipe)")
    if let pretrained {
      normalisation = pretrained.description.data.normalisation(recipe.model.input.normalise)
    } else {
      switch recipe.model.input.normalise {
      case .none: normalisation = .none
      case .sequence: normalisation = .sequence
      case .dataset: normalisation = try DatasetMoments.fit(dataset, classes, communicator: communicator)
      }
    }
    identity = RunIdentity(
      command: job.command, recipe: recipe.identity, dataset: dataset.fingerprint, sequences: selection.digest,
      encoder: pretrained?.digest, isProbe: job.isProbe)
  }

  /// The recipe as rank 0's file has it, with this rank's overrides: only rank 0's host needs the file.
  private static func sharedRecipe(_ job: TrainingJob, _ agreement: Agreement) throws -> Recipe {
    try agreement.requireSame(job.recipe, of: "The recipe's path")
    let text = try agreement.fromFirstRank(exitCode: TrainingError.exitCode) {
      Array(try Recipe.text(ofFile: job.recipe).utf8)
    }
    return try agreement.together(exitCode: TrainingError.exitCode) {
      try job.resolvedRecipe(String(decoding: text, as: UTF8.self))
    }
  }
}

extension TrainingSession: ModelUser {
  func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> Int32 {
    if let pretrained {
      try TrainingError.alike {
        try model.store.load(pretrained.tensors, under: "encoder.", source: pretrained.source)
      }
    }
    return try Trainer(self, model).run()
  }
}

extension Int {
  /// The smallest power of two that is not below this number.
  var nextPowerOfTwo: Int {
    var power = 1
    while power < self { power *= 2 }
    return power
  }
}
