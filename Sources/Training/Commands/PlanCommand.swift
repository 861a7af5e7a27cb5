import Networks
import SequenceData

/// `lockstep plan`: what a training would do, without doing it.
public enum PlanCommand {
  /// The plan of the first epoch, its balance over lanes and ranks, and the memory that a rank needs.
  public static func run(_ job: TrainingJob, ranks: Int) throws -> String {
    let recipe = try job.resolvedPlanRecipe()
    let dataset = try SequenceDataset(at: job.data)
    let seed = UInt64(recipe.training.seed)
    let selection =
      recipe.objective.isSelfSupervised
      ? try Selection.unlabelled(dataset, splits: job.includeSplits, fraction: job.dataFraction, seed: seed)
      : try Selection.labelled(dataset, part: job.labels, seed: seed)
    return try ModelBuilder.build(
      recipe.model, objective: recipe.objective, precision: recipe.precision, data: DataDescription(dataset),
      seed: seed, isEncoderFrozen: false,
      for: PlanUser(recipe: recipe, dataset: dataset, selection: selection, ranks: ranks))
  }
}

private struct PlanUser: ModelUser {
  let recipe: Recipe
  let dataset: SequenceDataset
  let selection: Selection
  let ranks: Int

  func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> String {
    let batch = recipe.batch
    var plans = EpochPlans(
      ids: selection.ids, dataset: dataset,
      bounds: BatchBounds(timesteps: batch.timesteps, sequences: batch.sequences, lanes: batch.lanes),
      seed: UInt64(recipe.training.seed), cost: model.encoder.cost(ofLength:))
    let report = PlanReport(plan: plans.plan(epoch: 0), ranks: ranks)
    let total: Int
    switch recipe.training.duration {
    case .steps(let steps): total = steps
    case .epochs(let epochs): total = plans.steps(ofEpochs: epochs)
    }
    let parameters = model.store.count
    let encoder = model.encoder
    return report.description + "\n"
      + "training: \(total) steps; \(parameters) parameters (\(parameters * 4 / 1024) KiB, with gradient and optimizer state \(parameters * 16 / 1024) KiB)\n"
      + "encoder: a frame every \(encoder.frame) timesteps, receptive field \(encoder.receptiveField) timesteps, "
      + "\(encoder.cost(ofLength: 4096) / 4096 / 1000) kFLOP a timestep forward\n"
  }
}

extension TrainingJob {
  /// The recipe as its own objective has it.
  func resolvedPlanRecipe() throws -> Recipe { try Recipe(file: recipe, overrides: overrides) }
}
