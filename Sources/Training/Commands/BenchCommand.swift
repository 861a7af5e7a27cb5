import ArrayFiles
import Checkpoints
import DataParallel
import Foundation
import MessagePassing
import Networks
import PackedTensors
import SequenceData

/// `lockstep bench step`: the speed of the function that trains, nothing left out, over one pass of given lengths.
public enum BenchCommand {
  /// What was measured.
  public struct Result: Codable, Sendable {
    /// Timesteps of all sequences by the seconds of the pass.
    public var timestepsPerSecond: Double
    /// Steps of the pass.
    public var steps: Int
    /// Seconds of the pass on rank 0.
    public var seconds: Double
    /// Σ over calls of communication of the fewest seconds that a rank spent in it: the part of `seconds` that
    /// communication itself took, without waiting for the last rank to come. A step's gradient counts as one call.
    public var exposedSeconds: Double
    /// Σ over steps of the most seconds that a rank spent in communication, waiting included.
    public var waitedSeconds: Double
    /// Seconds that the rank that waited longest for its batches stood still.
    public var inputSeconds: Double
    /// The largest rank's resident peak.
    public var peakBytes: Int
    /// Mean loss of the last step.
    public var finalLoss: Double
    /// SHA-256 of the model after the pass: that of `train` on the same data and plan.
    public var digest: String
  }

  /// Sequences of a step.
  static let sequencesPerStep = 8
  /// Steps before the clock starts, on a model that is thrown away.
  static let warmupSteps = 2

  /// Writes the data set of the benchmark: seeded values 0..40 and labels of three classes.
  public static func writeDataset(lengths: [Int], to folder: String) throws {
    let writer = try DatasetWriter(at: folder, name: "bench", features: 1, values: .categories(count: 41))
    let values = RandomKey(seed: 1, purpose: "bench.values")
    for (id, length) in lengths.enumerated() {
      let sequence = (0..<length).map { Float(values.integer(below: 41, sequence: id, timestep: $0)) }
      try writer.append(sequence, label: values.integer(below: 3, sequence: id, timestep: length))
    }
    try writer.finish(classes: ["0", "1", "2"])
  }

  /// Runs the pass on all ranks.
  public static func run(
    recipe path: String, overrides: [String], data: String, threads: Int, _ communicator: Communicator
  ) throws -> Result {
    let watchdog = try ComputeEnvironment.prepare(communicator, threads: threads)
    defer { watchdog.stop() }
    let fixed = [
      "objective.kind=classify", "batch.sequences=\(sequencesPerStep)", "batch.timesteps=\(Int32.max)",
      "training={epochs: 1, validateEvery: 0}",
    ]
    let recipe = try TrainingError.alike { try Recipe(file: path, overrides: fixed + overrides) }
    let dataset = try TrainingError.alike { try SequenceDataset(at: data) }
    return try ModelBuilder.build(
      recipe.model, objective: recipe.objective, precision: recipe.precision, data: DataDescription(dataset),
      seed: UInt64(recipe.training.seed), isEncoderFrozen: false,
      for: BenchUser(recipe: recipe, dataset: dataset, communicator: communicator))
  }
}

private struct BenchUser: ModelUser {
  let recipe: Recipe
  let dataset: SequenceDataset
  let communicator: Communicator

  func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> BenchCommand.Result {
    let batch = recipe.batch
    var plans = EpochPlans(
      ids: Array(0..<dataset.count), dataset: dataset,
      bounds: BatchBounds(timesteps: batch.timesteps, sequences: batch.sequences, lanes: batch.lanes),
      seed: UInt64(recipe.training.seed), cost: model.cost, computed: model.computed)
    let steps = plans.steps(ofEpochs: 1)
    let initial = model.store.tensors()
    try pass(model, &plans, steps: 0..<min(BenchCommand.warmupSteps, steps)) { _, _ in }
    try model.store.load(initial, source: "the initial weights")

    let metricsPath = NSTemporaryDirectory() + "/lockstep-bench-\(ProcessInfo.processInfo.processIdentifier).jsonl"
    let metrics = communicator.rank == 0 ? try MetricsFile(path: metricsPath) : nil
    defer { unlink(metricsPath) }
    var loss = 0.0
    var ofSteps: [Double] = []
    var ofCalls: [Double] = []
    var inputSeconds = 0.0
    try communicator.barrier()
    let start = ContinuousClock.now
    try pass(model, &plans, steps: 0..<steps) { report, waited in
      loss = report.loss
      ofSteps.append(report.exposedCommunicationSeconds)
      ofCalls += report.communicationSeconds
      inputSeconds += waited
      try metrics?.append(TrainMetricsRow(report, inputSeconds: waited).line)
    }
    try communicator.barrier()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    try communicator.allReduce(&ofCalls, .min)
    try communicator.allReduce(&ofSteps, .max)
    inputSeconds = try communicator.allReduce(inputSeconds, .max)
    let peak = try communicator.allReduce(Int64(Memory.peakBytes), .max)
    return BenchCommand.Result(
      timestepsPerSecond: Double(dataset.timesteps) / seconds, steps: steps, seconds: seconds,
      exposedSeconds: ofCalls.reduce(0, +), waitedSeconds: ofSteps.reduce(0, +),
      inputSeconds: inputSeconds, peakBytes: Int(peak), finalLoss: loss,
      digest: try digest(of: model))
  }

  /// SHA-256 of model.safetensors as a checkpoint would hold it.
  private func digest<E: Encoder, O: Objective>(of model: Model<E, O>) throws -> String {
    let path = NSTemporaryDirectory() + "/lockstep-bench-\(ProcessInfo.processInfo.processIdentifier).safetensors"
    defer { unlink(path) }
    try SafetensorsFile.write(model.store.tensors(), to: path)
    return try Checksum.sha256(ofFile: path)
  }

  /// Steps from the first weights on, exactly as a training makes them; tells of each, and how long this rank waited for its
  /// batch.
  private func pass<E: Encoder, O: Objective>(
    _ model: Model<E, O>, _ plans: inout EpochPlans, steps: Range<Int>,
    _ report: (StepReport, _ inputSeconds: Double) throws -> Void
  ) throws {
    let total = plans.steps(ofEpochs: 1)
    let runner = try StepRunner(
      model, recipe: recipe, totalSteps: total, communicator: communicator, faultInjection: .none)
    runner.longestStep =
      plans.mostTimesteps(ofRanks: communicator.size, epoch: 0)[communicator.rank]
    let reader = ReadAhead(
      plans, lanes: LaneTree.lanes(ofRank: communicator.rank, of: communicator.size, lanes: recipe.batch.lanes),
      dataset: dataset, normalisation: .none)
    for step in steps {
      let (epoch, planned) = plans.step(step)
      let batch = try reader.batch(step, last: steps.upperBound - 1)
      let waited = reader.waitedSeconds
      try report(try runner.run(step, epoch: epoch, planned, batch, stop: false), waited)
    }
  }
}
