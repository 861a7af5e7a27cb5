import DataParallel
import MessagePassing
import Networks
import PackedTensors
import SequenceData
import Tracing

/// Does one step after another: from a batch to changed weights.
final class StepRunner<E: Encoder, O: Objective> {
  let model: Model<E, O>
  var optimizer: any Optimizer
  /// The moving average of the weights, where the objective wants one.
  let average: WeightAverage?
  private let schedule: LearningRateSchedule
  private let clipNorm: Double?
  let seed: UInt64
  let communicator: Communicator
  private let statistics: RankStatistics
  let gradients: GradientArena
  private let reducer: GradientReducer
  /// The parameters of each turn.
  private let trainable: [[Parameter]]
  /// What a frozen encoder made, where the objective reads no more of it than a row a sequence.
  private var frozenEmbeddings: FrozenEmbeddings?
  private let faultInjection: FaultInjection
  /// Times the calls of a step that wait for other ranks.
  private let clock = CommunicationClock()
  /// The parameters that the last step trained, and the terms by which their gradient is to be divided.
  private(set) var lastTrained: (parameters: [Parameter], terms: Int) = ([], 1)
  /// How long this rank waited for the batch of the step to come.
  var inputSeconds = 0.0
  /// Seconds that this rank took for the last step without waiting for others.
  private var ownSeconds = 0.0
  /// Whether a step was made: the first one takes longer.
  private var isWarm = false
  /// The most timesteps that a step of this epoch computes with on this rank; its memory is made ready after the first step.
  var longestStep = 0

  /// - Parameter lanes: the recipe's number of lanes.
  init(
    _ model: Model<E, O>, recipe: Recipe, totalSteps: Int, communicator: Communicator,
    faultInjection: FaultInjection
  ) throws {
    self.model = model
    self.communicator = communicator
    self.faultInjection = faultInjection
    optimizer = recipe.optimizer.makeOptimizer(count: model.store.count, turns: model.objective.turns)
    average = model.objective.averageDecay.map { WeightAverage(of: model.store, decay: $0) }
    schedule = LearningRateSchedule(
      rate: recipe.optimizer.learningRate, warmupSteps: recipe.schedule.warmupSteps, totalSteps: totalSteps,
      course: recipe.schedule.course)
    clipNorm = recipe.optimizer.clipNorm
    seed = UInt64(recipe.training.seed)
    let lanes = recipe.batch.lanes
    let sum = CanonicalSum(communicator: try communicator.duplicate(), lanes: lanes, clock: clock)
    statistics = RankStatistics(sum: sum, faultInjection: faultInjection)
    var reducer: GradientReducer?
    gradients = try GradientArena(lanes: sum.carriedLanes, count: model.store.count) { arena in
      let made = try GradientReducer(
        communicator: communicator, lanes: lanes, arena: arena, parameters: model.store.count,
        overlap: recipe.training.overlap, faultInjection: faultInjection)
      reducer = made
      return made
    }
    self.reducer = reducer!
    frozenEmbeddings = model.frozenEmbeddings
    trainable = (0..<model.objective.turns).map { turn in
      model.trainable.filter { model.objective.trains($0, in: turn) }
    }
  }

  /// One step: view, encoder, loss, adjoint, sums over ranks, update; or none of it where a number is not finite.
  /// - Parameters:
  ///   - step: steps done before, from 0.
  ///   - stop: whether this rank was asked to stop; the report tells whether any was.
  func run(_ step: Int, epoch: Int, _ planned: PlannedStep, _ batch: Batch, stop: Bool) throws -> StepReport {
    let start = ContinuousClock.now
    let timeline = communicator.activity.timeline.ifOn
    let store = model.store
    if !isWarm { StoragePool.shared.startNoting() }
    clock.begin()
    reducer.begin()
    enter(.forward, step)
    var batch = batch
    batch.step = step
    let turn = model.objective.turn(at: step)
    let trainable = trainable[turn]
    let viewing = timeline?.begin(.work, "view")
    let view = try model.view(of: batch, seed: seed, epoch: epoch, average: average?.store)
    viewing?.end()
    var pass = ForwardPass(
      store: store, mode: .training, statistics: statistics, ids: model.objective.ids(of: view), seed: seed,
      epoch: epoch, timeline: timeline)
    let backward = BackwardPass(store: store, gradients: gradients, statistics: statistics, timeline: timeline)
    var (embedding, tape) = try encode(view, &pass)
    let judging = timeline?.begin(.work, "objective")
    let (sums, gradient) = try model.objective.loss(of: embedding, view, pass, backward)
    judging?.end()
    embedding = .empty  // gives its memory back
    let total = try globalTotals(sums, timesteps: batch.layout.timesteps, stop: stop)
    enter(.backward, step)
    if let gradient, tape != nil { try model.encoder.backward(gradient, tape.take()!, backward) }
    enter(.reducing, step)
    try reducer.wait()
    clock.add(reducer.exposedSeconds)
    enter(.updating, step)

    let rate = schedule.rate(at: step)
    lastTrained = (trainable, total.count)
    let norm = gradientNorm(of: trainable) / Double(max(total.count, 1))
    var skip: SkippedStep?
    let moments = pass.observed.allSatisfy(\.moments.isFinite)
    if !(total.loss.isFinite && norm.isFinite && moments) {
      skip = SkippedStep(
        what: !total.loss.isFinite ? "loss" : !norm.isFinite ? "gradient" : "variance of an activation",
        sequences: try sequencesThatAreNotFinite(batch, epoch: epoch))
    } else if total.count > 0 {
      // A loss without terms, such as that of one sequence compared with others, teaches nothing.
      let clipping = clipNorm.map { norm > $0 ? $0 / norm : 1 } ?? 1
      optimizer.update(
        store, trainable: trainable, turn: turn, gradient: gradients.total,
        scale: Float(clipping / Double(max(total.count, 1))), rate: rate)
      for (norm, moments) in pass.observed { norm.observe(moments, in: store) }
      try model.objective.observe(view, pass)
      average?.follow(store)
      if faultInjection == .weights(rank: communicator.rank, step: step + 1) {
        store.withMutableValues { $0[0] = Float(bitPattern: $0[0].bitPattern ^ 1) }
      }
    }
    if !isWarm { prepareMemory(after: model.objective.input(of: view).values.layout.timesteps) }
    isWarm = true

    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let report = StepReport(
      step: step + 1, epoch: epoch, loss: total.loss, accuracy: total.parts.count == 1 ? total.parts[0].accuracy : nil,
      parts: total.parts.count == 1 ? [] : total.parts, learningRate: rate, gradientNorm: norm,
      sequences: planned.sequences, timestepsOfRanks: total.ofRanks.map(\.timesteps),
      ownSecondsOfRanksBefore: total.ofRanks.map(\.ownSeconds), seconds: seconds, communicationSeconds: clock.calls,
      isStopRequested: total.isStopRequested, skip: skip)
    ownSeconds = inputSeconds + seconds - report.exposedCommunicationSeconds
    return report
  }

  /// Activations grow with a step's timesteps, so the first step tells what the longest will need.
  private func prepareMemory(after timesteps: Int) {
    guard timesteps > 0 && longestStep > timesteps else { return }
    StoragePool.shared.prepare(factor: Double(longestStep) / Double(timesteps))
  }

  private func enter(_ phase: Activity.Phase, _ step: Int) {
    communicator.activity.enter(isWarm ? phase : phase.under(.start), step: step)
    communicator.activity.timeline.ifOn?.noteMemory()
  }

  /// The view's embedding, and what the adjoint needs of it: nothing where the encoder is frozen.
  private func encode(_ view: O.View, _ pass: inout ForwardPass) throws -> (PackedTensor, E.Saved?) {
    if model.objective.runsEncoder { return (.empty, nil) }
    let input = model.objective.input(of: view)
    guard model.isEncoderFrozen else {
      let (embedding, saved) = try model.encoder.forward(input, &pass)
      return (embedding, saved)
    }
    let epoch = pass.epoch
    let timeline = pass.timeline
    let embed = { [model, statistics, seed] (input: EncoderInput, ids: [Int]) in
      var frozen = ForwardPass(
        store: model.store, mode: .evaluation, statistics: statistics, ids: ids, seed: seed, epoch: epoch,
        timeline: timeline)
      return try model.encoder.embed(input, &frozen)
    }
    if frozenEmbeddings == nil { return (try embed(input, pass.ids), nil) }
    return (try frozenEmbeddings!.pooled(input.values, ids: pass.ids) { try embed(EncoderInput($0), $1) }, nil)
  }

  /// Mean losses of the global batch, what its gradient is to be divided by, flags, and what each rank carried.
  private func globalTotals(
    _ sums: LossSums, timesteps: Int, stop: Bool
  ) throws -> (loss: Double, parts: [PartLoss], count: Int, isStopRequested: Bool, ofRanks: [RankLoad]) {
    let span = communicator.activity.timeline.ifOn?.begin(.work, "totals")
    defer { span?.end() }
    let parts = sums.parts.isEmpty ? [sums] : sums.parts
    let losses = try statistics.reduce(LaneSums(besides: parts.map(\.loss)).values, count: parts.count)
    var counts: [Int64] = parts.flatMap { [Int64($0.count), Int64($0.correct)] }
    counts.append(stop ? 1 : 0)
    let own = RankLoad(timesteps: timesteps, ownSeconds: ownSeconds).packed
    counts += (0..<communicator.size).map { $0 == communicator.rank ? own : 0 }
    try clock.call { () throws(MPIError) in try communicator.allReduce(&counts, .sum) }
    let totals = counts.map { Int($0) }
    let terms = parts.indices.map { totals[2 * $0] }
    let means = PartLoss.means(
      model.objective.parts, losses: losses, counts: terms, correct: parts.indices.map { totals[2 * $0 + 1] })
    return (
      PartLoss.total(means, of: model.objective.parts), means, PartScaling.divisor(terms),
      totals[2 * parts.count] > 0, counts[(2 * parts.count + 1)...].map(RankLoad.init(packed:))
    )
  }

  /// Norm of the summed gradient of some parameters.
  private func gradientNorm(of parameters: [Parameter]) -> Double {
    parameters.reduce(0) {
      $0 + ParameterUpdates.squareSum(gradients.total + $1.range.lowerBound, count: $1.count)
    }.squareRoot()
  }
}
