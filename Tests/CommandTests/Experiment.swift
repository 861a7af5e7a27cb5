import ArrayFiles
import Foundation
import SequenceData
import TestSupport
import Testing

/// A small training, with all that its plan depends on.
struct Experiment: Sendable {
  /// `pretrain` or `train`.
  var command = "pretrain"
  /// Folder of the data set.
  var data: String
  /// Sections `model` and `objective` of the recipe.
  var model: String
  var timesteps = 8192
  var sequences = 24
  var lanes = 8
  var steps = 30
  var seed = 3
  var validateEvery = 10
  var learningRate = 0.01
  /// More of section `training`, after a comma.
  var more = ""

  /// The recipe as a file.
  var recipe: String {
    get throws {
      try Workplace.file(
        "recipe.yaml",
        """
        \(model)
        batch: {timesteps: \(timesteps), sequences: \(sequences), lanes: \(lanes)}
        optimizer: {kind: adamw, learningRate: \(learningRate), weightDecay: 0.01, clipNorm: 1.0}
        schedule: {kind: cosine, warmupSteps: 3}
        training: {steps: \(steps), seed: \(seed), validateEvery: \(validateEvery), checkpointEvery: 10, keep: 5\(more)}
        """)
    }
  }

  /// Trains into a RUN, a new one by default.
  @discardableResult func run(
    ranks: Int = 1, into path: String? = nil, _ more: [String] = [], environment: [String: String] = [:],
    expecting code: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> TrainedRun {
    let run = TrainedRun(path: path ?? Workplace.place("run"))
    try lockstep(
      "\(command) \(try recipe) --data \(data) --out \(run.path)", more, ranks: ranks, environment: environment,
      expecting: code, sourceLocation: sourceLocation)
    return run
  }

  /// Expects of a run that the ranks shared its work as planned: each carried something at every step, together all of
  /// it, and none 1.3 times the mean, wherever the plan permits.
  /// - Parameter rows: its steps.
  func expectSharedWork(
    _ rows: [MetricsRow], ranks: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let dataset = try SequenceDataset(at: data)
    let ids = (0..<dataset.count).filter {
      dataset.split(of: $0) == .train && (command == "pretrain" || dataset.label(of: $0) != nil)
    }
    let bounds = BatchBounds(timesteps: timesteps, sequences: sequences, lanes: lanes)
    var planned: [PlannedStep] = []
    var epoch = 0
    while planned.count < steps {
      let plan = Plan(
        lengths: ids.map { dataset.length(of: $0) }, ids: ids, bounds: bounds, seed: UInt64(seed), epoch: epoch)
      planned += (0..<plan.steps).map(plan.step)
      epoch += 1
    }
    var judged = 0
    for row in rows {
      let step = planned[row.step - 1]
      let (least, most) = (row.leastTimestepsOfRank ?? 0, row.mostTimestepsOfRank ?? .max)
      #expect(row.timesteps == step.timesteps, "step \(row.step)", sourceLocation: sourceLocation)
      #expect(row.sequences == step.sequences, "step \(row.step)", sourceLocation: sourceLocation)
      let loads = (0..<ranks).map { rank in
        step.laneTimesteps[rank * lanes / ranks..<(rank + 1) * lanes / ranks].reduce(0, +)
      }
      let mean = Double(step.timesteps) / Double(ranks)
      // The plan weighs sequences by their cost, which is nearly, not quite, their length.
      guard loads.min()! > 0, Double(loads.max()!) < 1.2 * mean else { continue }
      judged += 1
      let what = "step \(row.step) on \(ranks) ranks, planned loads \(loads): from \(least) to \(most)"
      #expect(least > 0 && least <= most, "\(what)", sourceLocation: sourceLocation)
      #expect(Double(most) < 1.3 * mean, "\(what)", sourceLocation: sourceLocation)
    }
    #expect(
      judged * 2 >= rows.count, "on \(ranks) ranks only \(judged) of \(rows.count) steps can be judged",
      sourceLocation: sourceLocation)
  }

  /// Expects that a run learned: its loss fell, and every tensor of the model changed after the first step.
  func expectLearning(_ run: TrainedRun, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let losses = try run.steps.compactMap(\.loss)
    let (first, last) = (losses.prefix(3).reduce(0, +) / 3, losses.suffix(3).reduce(0, +) / 3)
    #expect(last < first, "the loss did not fall: \(losses)", sourceLocation: sourceLocation)
    let start = try self.run(["--stop-after", "1"], expecting: 75)
    let (before, after) = (try start.tensors(1), try run.tensors(steps))
    #expect(before.map(\.name) == after.map(\.name), sourceLocation: sourceLocation)
    for (a, b) in zip(before, after) {
      #expect(a != b, "\(a.name) \(a.shape) did not change", sourceLocation: sourceLocation)
    }
  }
}

extension Experiment {
  private func run(_ more: [String], expecting code: Int32) throws -> TrainedRun {
    try run(ranks: 1, into: nil, more, expecting: code)
  }

  /// Generated categories, of which most have labels.
  static let generated = Result {
    let path = Workplace.place("generated")
    try lockstep("data generate \(path) --sequences 96 --lengths 64..512 --classes 3 --unlabelled 0.3 --seed 5")
    return path
  }

  /// Masked pretraining of a strided encoder with batch norm, a skip of its own, dilation and dropout.
  static let masked = Result {
    Experiment(
      data: try generated.get(),
      model: """
        model:
          input: {kind: categories}
          encoder:
            kind: resnet
            stem: {width: 16, kernel: 4, stride: 2}
            blocks: [{width: 16, kernel: 3}, {width: 24, kernel: 3, stride: 2, dilation: 2}]
            dropout: 0.1
        objective: {kind: masked, ratio: 0.4, span: 2}
        """)
  }

  /// What ``masked`` gives on one rank: the oracle.
  static let maskedReference = Result { try masked.get().run() }

  /// Classification from scratch.
  static let classified = Result {
    var experiment = Experiment(
      data: try generated.get(),
      model: """
        model:
          input: {kind: reals, normalise: sequence}
          encoder: {kind: resnet, width: 16, blocks: 1, activation: gelu}
          pool: max
          dropout: 0.2
        objective: {kind: classify, augment: {crop: 0.9, jitter: 0.1}}
        """)
    experiment.command = "train"
    experiment.steps = 24
    experiment.validateEvery = 4
    return experiment
  }

  /// What ``classified`` gives on one rank.
  static let classifiedReference = Result { try classified.get().run() }
}
