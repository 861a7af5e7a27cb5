import DataParallel
import MessagePassing
import Networks
import PackedTensors
import SequenceData

/// `lockstep plan`: what a training would do, without doing it.
public enum PlanCommand {
  /// The plan of the first epoch, its balance over lanes and ranks, the memory that a rank needs, and the speed that is
  /// predicted.
  public static func run(_ job: TrainingJob, ranks: Int, assuming assumptions: ScalingAssumptions) throws -> String {
    let recipe = try job.resolvedPlanRecipe()
    let network = try assumptions.network()
    let dataset = try SequenceDataset(at: job.data)
    let seed = UInt64(recipe.training.seed)
    let classes = try ChosenClasses(
      recipe.training.classes, of: dataset, option: "\(job.recipe): training.classes")
    let selection =
      recipe.objective.isSelfSupervised
      ? try Selection.unlabelled(
        dataset, splits: job.includeSplits, classes: classes, fraction: job.dataFraction, seed: seed)
      : try Selection.labelled(dataset, classes: classes, part: job.labels, seed: seed)
    let watchdog = try ComputeEnvironment.prepare(.alone(), threads: 1)
    defer { watchdog.stop() }
    return try ModelBuilder.build(
      recipe.model, objective: recipe.objective, precision: recipe.precision, data: DataDescription(dataset),
      seed: seed, isEncoderFrozen: false,
      for: PlanUser(
        recipe: recipe, dataset: dataset, selection: selection, ranks: ranks, network: network,
        assumptions: assumptions))
  }
}

private struct PlanUser: ModelUser {
  let recipe: Recipe
  let dataset: SequenceDataset
  let selection: Selection
  let ranks: Int
  let network: Network
  let assumptions: ScalingAssumptions

  func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> String {
    let batch = recipe.batch
    var plans = EpochPlans(
      ids: selection.ids, dataset: dataset,
      bounds: BatchBounds(timesteps: batch.timesteps, sequences: batch.sequences, lanes: batch.lanes),
      seed: UInt64(recipe.training.seed), cost: model.cost, computed: model.computed)
    let plan = plans.plan(epoch: 0)
    let total: Int
    switch recipe.training.duration {
    case .steps(let steps): total = steps
    case .epochs(let epochs): total = plans.steps(ofEpochs: epochs)
    }
    let parameters = model.store.count
    let report = PlanReport(plan: plan, ranks: ranks)
    let memory = try MemoryEstimate(
      model, data: DataDescription(dataset), lanes: report.lanes, ranks: ranks)
    let encoder = model.encoder
    return report.description + "\n"
      + "training: \(total) steps; \(parameters) parameters\n"
      + "memory: \(memory.text(timesteps: report.longestStep))\n"
      + "encoder: a frame every \(encoder.frame) timesteps, receptive field \(encoder.field), "
      + "\(encoder.cost(ofLength: 4096) / 4096 / 1000) kFLOP a timestep forward\n"
      + (try prediction(model, plan, lengths: plans.lengths))
  }

  /// What speed to expect; nothing where there is nothing to train on.
  private func prediction<E: Encoder, O: Objective>(
    _ model: Model<E, O>, _ plan: Plan, lengths: [Int]
  ) throws -> String {
    guard plan.steps > 0 else { return "" }
    let measurement = SpeedMeasurement(model: model, recipe: recipe, dataset: dataset)
    let ids = plan.step(0).ids
    var speed = try measurement.speed(of: ids)
    if let given = assumptions.gigaflops { speed.operationsPerSecond = given * 1e9 }
    let scaling = ScalingModel(
      speed: speed, traffic: try measurement.traffic(of: ids), network: network, cores: assumptions.cores,
      overlap: recipe.training.overlap)
    let report = ScalingReport(
      scaling, plan: plan, lengths: lengths, ranks: ranks,
      cost: model.cost, length: dataset.length(of:))
    return "\n\(report)\n"
  }
}

extension TrainingJob {
  /// The recipe as its own objective has it.
  func resolvedPlanRecipe() throws -> Recipe { try Recipe(file: recipe, overrides: overrides) }
}
