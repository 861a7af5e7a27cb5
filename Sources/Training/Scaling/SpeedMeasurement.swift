import DataParallel
import MessagePassing
import Networks
import SequenceData

/// Runs the step that trains for a moment, alone, to see how fast one core of this machine does it. The model's weights
/// change.
struct SpeedMeasurement<E: Encoder, O: Objective> {
  let model: Model<E, O>
  let recipe: Recipe
  let dataset: SequenceDataset

  /// Operations, forward and backward, of the batch that is timed: about a sixth of a second of a fast core.
  private static var enoughOperations: Double { 20e9 }
  /// Seconds of timed steps and their least number, unless that takes too many seconds; one is timed in any case.
  private static var enough: (seconds: Double, steps: Int, tooMany: Double) { (0.5, 3, 5) }
  /// Lanes, nearly all of them empty, whose cost is told from that of one.
  private static var manyLanes: Int { 64 }

  /// Times three batches: some of the sequences in the recipe's lanes, the shortest sequence alone in one lane, and in
  /// many lanes.
  /// - Parameter ids: sequences in the order of a step, at least one.
  func speed(of ids: [Int]) throws -> CoreSpeed {
    var chosen: [Int] = []
    while chosen.count < ids.count && operations(chosen) < SpeedMeasurement.enoughOperations {
      chosen.append(ids[chosen.count])
    }
    let shortest = chosen.min { dataset.length(of: $0) < dataset.length(of: $1) }!
    let large = try seconds(of: chosen, lanes: recipe.batch.lanes)
    let small = try seconds(of: [shortest], lanes: 1)
    let spread = try seconds(of: [shortest], lanes: SpeedMeasurement.manyLanes)
    let lane = max(0, spread - small) / Double(SpeedMeasurement.manyLanes - 1)
    let work = (all: operations(chosen), least: operations([shortest]))
    let difference = large - small - lane * Double(recipe.batch.lanes - 1)
    // Of a single short sequence nothing can be told apart: then all of it is computation.
    let rate = chosen.count > 1 && difference > 0 ? (work.all - work.least) / difference : work.all / large
    return CoreSpeed(
      operationsPerSecond: rate, secondsPerStep: max(0, small - lane - work.least / rate), secondsPerLane: lane)
  }

  /// What a step over these sequences sends.
  func traffic(of ids: [Int]) throws -> StepTraffic {
    let batch = try batch(planned([ids[0]], lanes: 1))
    _ = try StepRecorder.record(model, batch, seed: 1)  // the first pass is slower, and unevenly so
    return try StepRecorder.record(model, batch, seed: 1)
  }

  private func operations(_ ids: [Int]) -> Double {
    ids.reduce(0) { $0 + CoreSpeed.operations(forward: model.cost(dataset.length(of: $1))) }
  }

  /// The median step over these sequences.
  private func seconds(of ids: [Int], lanes: Int) throws -> Double {
    var recipe = recipe
    recipe.batch.lanes = lanes
    let runner = try StepRunner(
      model, recipe: recipe, totalSteps: 1000, communicator: .alone(), faultInjection: .none)
    let planned = planned(ids, lanes: lanes)
    let batch = try batch(planned)
    var seconds: [Double] = []
    var step = 0
    let enough = SpeedMeasurement.enough
    while seconds.isEmpty || (seconds.count < enough.steps && seconds.reduce(0, +) < enough.tooMany)
      || (seconds.reduce(0, +) < enough.seconds && seconds.count < 100)
    {
      let report = try runner.run(step, epoch: 0, planned, batch, stop: false)
      if step > 0 { seconds.append(report.seconds) }
      step += 1
    }
    return seconds.sorted()[seconds.count / 2]
  }

  private func planned(_ ids: [Int], lanes: Int) -> PlannedStep {
    Plan(
      lengths: ids.map { dataset.length(of: $0) }, ids: ids, bounds: .exactly(sequences: ids.count, lanes: lanes),
      seed: 1, epoch: 0, cost: model.cost
    ).step(0)
  }

  private func batch(_ planned: PlannedStep) throws -> Batch {
    try Batch(
      reading: planned.lanes, globalIDs: planned.ids, from: dataset,
      normalisation: recipe.model.input.normalise == .none ? .none : .sequence)
  }
}
