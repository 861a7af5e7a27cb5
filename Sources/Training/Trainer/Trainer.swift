import ArrayFiles
import Checkpoints
import DataParallel
import FoundationEssentials
import MessagePassing
import Networks
import PackedTensors
import SequenceData
import Tracing

/// Trains a model from where its run stands to its end, or until it is asked to stop.
final class Trainer<E: Encoder, O: Objective> {
  let session: TrainingSession
  let model: Model<E, O>
  let runner: StepRunner<E, O>
  private let evaluator: Evaluator<E, O>
  private let validationIDs: [Int]
  let totalSteps: Int
  var plans: EpochPlans
  var state: TrainingState
  var progress: Progress
  var record: RunRecord?
  private var trace: RunTrace?

  init(_ session: TrainingSession, _ model: Model<E, O>) throws {
    self.session = session
    self.model = model
    let recipe = session.recipe
    var plans = EpochPlans(session, guesses: nil, cost: model.cost, computed: model.computed)
    switch recipe.training.duration {
    case .steps(let steps): totalSteps = steps
    case .epochs(let epochs): totalSteps = plans.steps(ofEpochs: epochs)
    }
    self.plans = plans
    runner = try StepRunner(
      model, recipe: recipe, totalSteps: totalSteps, communicator: session.communicator,
      faultInjection: try FaultInjection.fromEnvironment())
    evaluator = session.evaluator(of: model)
    validationIDs =
      recipe.training.validateEvery == 0
      ? []
      : Selection.evaluated(
        session.dataset, split: .validation, labelledOnly: O.self == Classify.self, classes: session.classes
      ).ids
    try session.refuseSequences(validated: validationIDs, for: model.objective, plans.plan(epoch: 0))
    state = TrainingState(
      step: 0, epoch: 0, stepOfEpoch: 0, identity: session.identity,
      input: InputDescription(DataDescription(session.dataset), session.normalisation))
    progress = Progress(total: totalSteps, hosts: session.watchdog.hosts, isSilent: !session.isFirst)
  }

  /// Trains; returns 0, or 75 where training was stopped before its end. An error stands in the run's log and status.
  func run() throws -> Int32 {
    do {
      return try train()
    } catch {
      trace?.endStep()
      record?.fail(error)
      throw error
    }
  }

  private func train() throws -> Int32 {
    try resume()
    if state.isFinished {
      try publishMissingEncoder()
      progress.say("\(session.job.out) is finished at step \(state.step); nothing to do")
      return 0
    }
    try session.agreement.requireSame(plans.digest(epoch: state.epoch), of: "The plan of epoch \(state.epoch)")
    let most = plans.mostTimesteps(ofRanks: session.communicator.size, epoch: state.epoch)
    runner.longestStep = most[session.communicator.rank]
    try describe(longestStep: most.max() ?? 0)
    trace = try RunTrace(session, attempt: record?.attempt, after: state.step)
    let (training, stopAfter) = (session.recipe.training, session.job.stopAfter ?? .max)
    var reader = session.readAhead(plans, guesses: state.guesses)
    let seal = state.epoch == 0 ? session.sealCheck : nil
    let activity = session.communicator.activity
    while !state.isFinished {
      try trace?.beginStep(state.step + 1)
      activity.enter(.reading, step: state.step)
      let (epoch, planned) = plans.step(state.step)
      let batch = try reader.batch(state.step, last: endOfStage - 1)
      let inputSeconds = reader.waitedSeconds
      runner.inputSeconds = inputSeconds
      let report = try runner.run(state.step, epoch: epoch, planned, batch, stop: StopSignals.isRequested)
      advance(to: report.step)
      try seal?.check(waiting: state.epoch > 0, activity)
      let isLast = state.step == totalSteps
      let recording = activity.timeline.ifOn?.begin(.work, "metrics")
      progress.step(report, isLast: isLast)
      try record?.add(
        report, inputSeconds: inputSeconds, progress, left: totalSteps - state.step)
      record?.add(runner.histograms, after: report)
      recording?.end()
      try count(report)
      if try guessLabels(after: epoch) {
        try session.agreement.requireSame(plans.digest(epoch: state.epoch), of: "The plan of epoch \(state.epoch)")
        reader = session.readAhead(plans, guesses: state.guesses)
      }

      var isBest = false
      if !validationIDs.isEmpty && (state.step % training.validateEvery == 0 || isLast) {
        progress.enter("validating", step: state.step)
        isBest = try validate()
      }
      state.isFinished = isLast || isPatienceOver
      let isStopping = report.isStopRequested || state.step >= stopAfter
      let isDue = training.checkpointEvery > 0 && state.step % training.checkpointEvery == 0
      let saves = state.isFinished || isStopping || isBest || isDue
      if saves || (training.verifyEvery > 0 && state.step % training.verifyEvery == 0) { try verify() }
      activity.enter(.saving, step: state.step)
      if saves { progress.enter("checkpoint", step: state.step) }
      if saves { try record?.save(snapshot(isBest: isBest)) }
      trace?.endStep()
      if isStopping && !state.isFinished {
        try stop()
        return 75
      }
    }
    try finish()
    return 0
  }

  /// Counts the steps that were left out, and ends the job where there are too many in a row.
  private func count(_ report: StepReport) throws {
    guard let skip = report.skip else {
      state.skippedInARow = 0
      return
    }
    state.skippedSteps += 1
    state.skippedInARow += 1
    let names = skip.sequences.prefix(20).map(String.init).joined(separator: ", ")
    let cause =
      skip.sequences.isEmpty
      ? "no sequence is to blame alone"
      : "not finite even alone: \(skip.sequences.count == 1 ? "sequence" : "sequences") \(names)\(skip.sequences.count > 20 ? ", …" : "")"
    progress.say("step \(report.step): the \(skip.what) is not finite; the step changes nothing (\(cause))")
    guard state.skippedInARow <= session.recipe.training.maxSkippedSteps else {
      throw TrainingError.notFinite(step: report.step, what: skip.what, skipped: state.skippedInARow)
    }
  }

  /// Compares what all ranks hold.
  private func verify() throws {
    guard session.communicator.size > 1 else { return }
    let digests = try session.communicator.allGather(
      model.store.digest(with: runner.optimizer, average: runner.average?.store))
    let ranks = digests.indices.filter { digests[$0] != digests[0] }
    guard ranks.isEmpty else {
      throw TrainingError.diverged(
        step: state.step, ranks: ranks, hosts: try session.communicator.allGather(World.hostName))
    }
  }

  /// Runs the model with other weights.
  func evaluator(of store: ParameterStore) -> Evaluator<E, O> {
    session.evaluator(
      of: Model(
        store: store, encoder: model.encoder, objective: model.objective, isEncoderFrozen: model.isEncoderFrozen))
  }

  /// Waits on rank 0 for what is being written, and gives the run free.
  private func stop() throws {
    try trace?.join(say: progress.say)
    _ = try session.agreement.fromFirstRank(exitCode: TrainingError.exitCode) {
      session.communicator.activity.enter(.finishing)
      try record?.finish()
      progress.say("stopped at step \(state.step) with a checkpoint; the same command goes on")
      try record?.release(.stopped, exitCode: 75)
      return []
    }
  }

  /// Rank 0 opens the run's folder and reads its checkpoint; all ranks get what it holds.
  private func resume() throws {
    var messages: [String] = []
    let bytes = try session.agreement.fromFirstRank(exitCode: TrainingError.exitCode) {
      let start = try session.folder.prepare(
        session.recipe, session.identity, resume: session.job.resume, say: progress.say)
      messages = start.messages
      let record = try RunRecord(session, start.lock, from: start.state ?? state, totalSteps: totalSteps)
      (self.record, progress.log) = (record, record.log)
      guard let content = start.content, let state = start.state else { return [] }
      let source = session.folder.path
      try model.store.load(content.model, source: source)
      try runner.optimizer.load(content.optimizer, of: model.store, source: source)
      try runner.average?.load(content.optimizer, source: source)
      return Array(StableJSON.encode(state))
    }
    for message in messages { progress.say(message) }
    guard !bytes.isEmpty else { return }
    state = try TrainingState.decode(.init(bytes), path: session.folder.path)
    try session.agreement.share(model.store, &runner.optimizer, session.communicator)
    if let average = runner.average { try session.agreement.share(average.store, session.communicator) }
    if state.guesses != nil { try takeGuesses() }
  }

  private func advance(to step: Int) {
    let next = plans.locate(step)
    state.step = step
    state.epoch = next.epoch
    state.stepOfEpoch = next.index
  }

  /// Evaluates the validation split; returns whether it is the best so far.
  private func validate() throws -> Bool {
    let watched = session.recipe.training.earlyStopping
    var row = ValidationMetricsRow(
      step: state.step, epoch: state.epoch, sequences: validationIDs.count, loss: FiniteNumber(0), isBest: false)
    let loss: Double
    var told = ""
    var confusion: [[Int]]?
    if let classifier = evaluator as? Evaluator<E, Classify> {
      let report = try classifier.classification(validationIDs, classes: session.dataset.classes)
      (loss, row.accuracy, row.macroF1) = (report.loss, report.accuracy, report.macroF1)
      confusion = report.confusion
    } else {
      let parts = try evaluator.objective(validationIDs, seed: session.seed, average: runner.average?.store)
      loss = PartLoss.total(parts, of: model.objective.parts)
      if parts.count == 1 { row.accuracy = parts[0].accuracy } else { row.parts = PartLoss.byName(parts) }
      told = parts.count == 1 ? "" : " (\(PartLoss.text(parts)))"
    }
    row.loss = FiniteNumber(loss)
    let metric = watched?.metric ?? (row.macroF1 == nil ? .loss : .accuracy)
    let value: Double? =
      switch metric {
      case .loss: loss
      case .accuracy: row.accuracy
      case .macroF1: row.macroF1
      }
    guard let value else {
      throw TrainingError.usage("training.earlyStopping.metric: \(metric.rawValue) needs a classifying objective")
    }
    row.isBest = isBetter(value, loss: loss, metric, by: watched?.minimumChange ?? 0)
    state.validationsSinceBest = row.isBest ? 0 : state.validationsSinceBest + 1
    if row.isBest { state.best = .init(step: state.step, metric: metric.rawValue, value: value, loss: loss) }
    try record?.add(row, confusion: confusion)
    let accuracy = row.accuracy.map { ", accuracy \(ProgressText.percent($0))" } ?? ""
    progress.say(
      "validation at step \(state.step): loss \(ProgressText.short(loss))\(told)\(accuracy)\(row.isBest ? " (best)" : "")"
    )
    return row.isBest
  }

  /// Whether a metric beats the best so far; equal values are told apart by the loss. What is not finite beats nothing.
  private func isBetter(
    _ value: Double, loss: Double, _ metric: EarlyStoppingRecipe.Metric, by change: Double
  ) -> Bool {
    guard value.isFinite && loss.isFinite else { return false }
    guard let best = state.best else { return true }
    let gain = metric == .loss ? best.value - value : value - best.value
    return gain > change || (gain == 0 && change == 0 && loss < best.loss)
  }

  private var isPatienceOver: Bool {
    session.recipe.training.earlyStopping.map { state.validationsSinceBest >= $0.patience } ?? false
  }

  private func snapshot(isBest: Bool) -> CheckpointSnapshot {
    CheckpointSnapshot(
      step: state.step, model: model.store.tensors(),
      optimizer: runner.optimizer.tensors(of: model.store) + (runner.average?.tensors() ?? []),
      state: StableJSON.encode(state),
      made: RunRecord.made(ranks: session.communicator.size, commit: session.job.commit), isBest: isBest)
  }

  /// Waits for the last checkpoint and publishes the encoder.
  private func finish() throws {
    try trace?.join(say: progress.say)
    _ = try session.agreement.fromFirstRank(exitCode: TrainingError.exitCode) {
      session.communicator.activity.enter(.finishing)
      try record?.finish()
      try record?.checkLock()
      let choice = try publishEncoder()
      progress.say("finished at step \(state.step); encoder of \(choice) in \(session.folder.path)/encoder")
      try record?.release(.finished, exitCode: 0)
      return []
    }
  }

  /// A run that was killed behind its last checkpoint has not published its encoder yet.
  private func publishMissingEncoder() throws {
    _ = try session.agreement.fromFirstRank(exitCode: TrainingError.exitCode) {
      if !EncoderFolder(run: session.folder.path).isThere {
        progress.say("encoder of \(try publishEncoder()) in \(session.folder.path)/encoder")
      }
      try record?.release(.finished, exitCode: 0)
      return []
    }
  }

  /// Publishes the encoder of the best checkpoint if validation ran, else of the last; returns which.
  private func publishEncoder() throws -> String {
    let store = session.folder.store
    let best = try store.step(of: .best)
    let link = best == nil ? CheckpointStore.Link.latest : .best
    let step = try best ?? store.step(of: .latest) ?? state.step
    let content = try store.folder(step: step).loadModel()
    let description = EncoderDescription(
      step: step, data: state.input, model: session.recipe.model, precision: session.recipe.precision)
    try EncoderFolder(run: session.folder.path).publish(
      SavedModel.encoderTensors(content.model), configuration: description)
    return "step \(step) (\(link.rawValue))"
  }

  /// Says once what is going to happen.
  private func describe(longestStep: Int) throws {
    guard session.isFirst else { return }
    let plan = plans.plan(epoch: state.epoch)
    let parameters = model.trainable.reduce(0) { $0 + $1.count }
    progress.say(
      "\(session.job.command.rawValue): \(Counted.text(session.selection.ids.count, "sequence")), \(Counted.text(plan.steps, "step")) an epoch, \(Counted.text(totalSteps, "step")); "
        + "\(parameters) parameters, receptive field \(model.encoder.field); \(Counted.text(session.communicator.size, "rank")), \(Counted.text(session.recipe.batch.lanes, "lane")), \(InstructionSet.active.rawValue)"
    )
    let guessed = pseudoLabels == nil ? 0 : session.sequencesToGuess.count
    let memory = try MemoryEstimate(
      model, data: DataDescription(session.dataset), lanes: session.recipe.batch.lanes,
      ranks: session.communicator.size, sequences: session.selection.ids.count + guessed)
    progress.say("memory: \(memory.text(timesteps: longestStep))")
    if let labelled = session.labelledSequences, session.job.labels != .all {
      progress.say("labels: \(session.selection.ids.count) of \(Counted.text(labelled, "sequence")) are used")
    }
    if !plan.oversized.isEmpty {
      let count = plan.oversized.count
      let lost = model.objective.comparedSequences == nil ? "" : ", in which there is nothing to compare it with"
      progress.say(
        "\(Counted.text(count, "sequence")) \(count == 1 ? "is" : "are") longer than batch.timesteps (\(session.recipe.batch.timesteps)); each has a step of its own\(lost)"
      )
    }
    let shortest = session.selection.ids.map { session.dataset.length(of: $0) }.min() ?? 0
    if let field = model.encoder.receptiveField, shortest < field {
      progress.say(
        "the shortest sequence has \(Counted.text(shortest, "timestep")), fewer than the receptive field of \(field): taps beyond its ends are skipped"
      )
    }
  }
}
