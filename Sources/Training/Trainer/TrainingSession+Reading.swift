import DataParallel
import MessagePassing
import Networks
import PackedTensors
import SequenceData
import Tracing

extension TrainingSession {
  /// Reads this rank's lanes of each step, one step ahead.
  func readAhead(_ plans: EpochPlans, guesses: GuessedLabels?) -> ReadAhead {
    ReadAhead(
      plans, lanes: LaneTree.lanes(ofRank: communicator.rank, of: communicator.size, lanes: recipe.batch.lanes),
      dataset: dataset, normalisation: normalisation, guesses: guesses, timeline: communicator.activity.timeline)
  }

  /// Runs a model on the data set.
  func evaluator<E: Encoder, O: Objective>(of model: Model<E, O>) -> Evaluator<E, O> {
    Evaluator(model: model, dataset: dataset, normalisation: normalisation, communicator: communicator)
  }

  /// The labelled training sequences, of which labels may be taken in part; nil where none are asked for.
  var labelledSequences: Int? {
    job.command == .pretrain
      ? nil : (0..<dataset.count).count { dataset.split(of: $0) == .train && dataset.label(of: $0) != nil }
  }

  /// Begins to verify the data set's files, where they are sealed.
  var sealCheck: SealCheck { SealCheck(dataset, rank: communicator.rank, ranks: communicator.size) }
}

extension ReadAhead {
  /// Reads the given lanes of each planned step.
  convenience init(
    _ plans: EpochPlans, lanes: Range<Int>, dataset: SequenceDataset, normalisation: InputNormalisation,
    guesses: GuessedLabels? = nil, timeline: Timeline? = nil
  ) {
    var plans = plans
    self.init { step in
      let (start, timeline) = (MonotonicTime.nanoseconds, timeline?.ifOn)
      defer { timeline?.add(.reading, "batch", since: start) }
      let (_, planned) = plans.step(step)
      return try Batch(
        reading: Array(planned.lanes[lanes]), globalIDs: planned.ids, from: dataset, normalisation: normalisation,
        guesses: guesses)
    }
  }
}

extension EpochPlans {
  /// The plans of a session's selected sequences, and of those whose labels were guessed.
  init(
    _ session: TrainingSession, guesses: GuessedLabels?, cost: @escaping @Sendable (Int) -> Int,
    computed: @escaping @Sendable (Int) -> Int
  ) {
    let batch = session.recipe.batch
    self.init(
      ids: (session.selection.ids + (guesses?.ids ?? [])).sorted(), dataset: session.dataset,
      bounds: BatchBounds(timesteps: batch.timesteps, sequences: batch.sequences, lanes: batch.lanes),
      seed: session.seed, cost: cost, computed: computed,
      from: guesses.map { ($0.step, $0.epoch) } ?? (0, 0))
  }
}

extension Agreement {
  /// Gives every rank rank 0's parameters, statistics, counters and optimizer state.
  func share(_ store: ParameterStore, _ optimizer: inout any Optimizer, _ communicator: Communicator) throws {
    try share(store, communicator)
    optimizer.updates = try communicator.broadcast(optimizer.updates.map(Int64.init)).map { Int($0) }
    var arenas = optimizer.arenas
    for index in arenas.indices { arenas[index].values = try communicator.broadcast(arenas[index].values) }
    optimizer.arenas = arenas
  }

  /// Gives every rank rank 0's parameters, statistics and counters.
  func share(_ store: ParameterStore, _ communicator: Communicator) throws {
    for parameter in store.parameters { store[parameter] = try communicator.broadcast(store[parameter]) }
    for statistic in store.statistics { store[statistic] = try communicator.broadcast(store[statistic]) }
    for counter in store.counters { store[counter] = try communicator.broadcast([store[counter]])[0] }
  }
}
