import DataParallel
import MessagePassing
import Networks
import PackedTensors
import SequenceData

/// Runs a model forward over sequences, spread over ranks: each sequence exactly once, whatever the number of ranks.
///
/// Running statistics are used, so a sequence's result is the same bits in any batch, and sums are formed in the order
/// of ids.
struct Evaluator<E: Encoder, O: Objective> {
  let model: Model<E, O>
  let dataset: SequenceDataset
  let normalisation: InputNormalisation
  let communicator: Communicator
  /// The labels as the model numbers them.
  private let labels: ModelLabels
  /// Timesteps of a batch on one rank: for each thread few enough that what one layer writes the next finds in the cache.
  /// (With 65,536, and 64 channels, one thread took 5.9 s where it takes 5.0.)
  static var batchTimesteps: Int { (1 << 13) * Workers.count }

  /// Timesteps of a group of sequences that are compared with each other, over all ranks.
  private static var groupTimesteps: Int { 1 << 18 }

  /// - Parameter classes: the model's classes, by which the data set's are known; nil: the data set's own.
  init(
    model: Model<E, O>, dataset: SequenceDataset, normalisation: InputNormalisation, communicator: Communicator,
    classes: [String]? = nil
  ) {
    self.model = model
    self.dataset = dataset
    self.normalisation = normalisation
    self.communicator = communicator
    labels = ModelLabels(dataset, classes: classes ?? dataset.classes)
  }

  /// Mean loss of each of the objective's parts over its terms, and the share told correctly where that has a meaning.
  /// Views are drawn as in no epoch of training, and the same each time.
  func objective(_ ids: [Int], seed: UInt64, average: ParameterStore?) throws -> [PartLoss] {
    let parts = model.objective.parts
    var rows = [[SequenceRow]](repeating: [], count: parts.count)
    var counts = [Int64](repeating: 0, count: 2 * parts.count)
    func evaluate(_ batch: Batch, _ pass: inout ForwardPass) throws {
      let view = try model.view(of: batch, seed: seed, epoch: O.validation, average: average)
      let embedding =
        model.objective.runsEncoder ? .empty : try model.encoder.embed(model.objective.input(of: view), &pass)
      let sums = try model.objective.loss(of: embedding, view, pass, nil).sums
      let (own, ids) = (sums.parts.isEmpty ? [sums] : sums.parts, model.objective.idsOfParts(of: view))
      for part in own.indices {
        counts[2 * part] += Int64(own[part].count)
        counts[2 * part + 1] += Int64(own[part].correct)
        rows[part] += zip(ids[part], own[part].sequenceLoss).map { SequenceRow(id: $0, loss: $1, predicted: 0) }
      }
    }
    if let together = model.objective.comparedSequences {
      try forEachGroup(ids, of: together, evaluate)
    } else {
      try forEachBatch(ids, evaluate)
    }
    try communicator.allReduce(&counts, .sum)
    let losses = try rows.map { try gathered($0).reduce(0) { $0 + $1.loss } }
    let totals = counts.map { Int($0) }
    return PartLoss.means(
      parts, losses: losses, counts: parts.indices.map { totals[2 * $0] },
      correct: parts.indices.map { totals[2 * $0 + 1] })
  }

  /// Visits this rank's share of `ids` in batches. `body` makes no collective call; if it, or the reading, fails on any
  /// rank, all throw that error.
  func forEachBatch(_ ids: [Int], _ body: (Batch, inout ForwardPass) throws -> Void) throws {
    let plan = EvaluationPlan(
      lengths: ids.map { dataset.length(of: $0) }, ids: ids, ranks: communicator.size,
      timesteps: Evaluator.batchTimesteps)
    try Agreement(communicator: communicator).together(exitCode: TrainingError.exitCode) {
      for share in plan.batches[communicator.rank] {
        communicator.activity.enter(.evaluating)
        let batch = try read(share, of: share)
        var pass = ForwardPass(store: model.store, mode: .evaluation, statistics: LaneStatistics(), ids: batch.ids)
        try body(batch, &pass)
      }
    }
  }

  /// Visits `ids` in groups whose sequences are compared with each other: `count` of them, fewer where they are long, at
  /// least two where there are as many. Each rank has its share of a group, and `body` may make collective calls. A share
  /// that cannot be read is an error on all ranks before any of them begins.
  private func forEachGroup(_ ids: [Int], of count: Int, _ body: (Batch, inout ForwardPass) throws -> Void) throws {
    let sum = CanonicalSum(communicator: communicator, lanes: communicator.size.nextPowerOfTwo)
    let statistics = RankStatistics(sum: sum)
    for group in groups(ids, of: count) {
      communicator.activity.enter(.evaluating)
      let share = group.part(communicator.rank, of: communicator.size)
      let batch = try Agreement(communicator: communicator).together(exitCode: TrainingError.exitCode) {
        try read(share, of: group)
      }
      var pass = ForwardPass(store: model.store, mode: .evaluation, statistics: statistics, ids: batch.ids)
      try body(batch, &pass)
    }
  }

  /// Divides ids, in their order, into groups.
  private func groups(_ ids: [Int], of count: Int) -> [[Int]] {
    var groups: [[Int]] = []
    var timesteps = 0
    for id in ids {
      let more = model.computed(dataset.length(of: id))
      if let last = groups.last, last.count < 2 || (last.count < count && timesteps + more <= Evaluator.groupTimesteps)
      {
        groups[groups.count - 1].append(id)
        timesteps += more
      } else {
        groups.append([id])
        timesteps = more
      }
    }
    // Nothing can be said of one alone.
    if groups.count > 1, let last = groups.last, last.count < 2 {
      groups.removeLast()
      groups[groups.count - 1] += last
    }
    return groups
  }

  /// The sequences of one rank, in one lane: no result depends on lanes.
  private func read(_ share: [Int], of all: [Int]) throws -> Batch {
    try Batch(reading: [share], globalIDs: all, from: dataset, normalisation: normalisation, labels: labels)
  }

  /// One sequence's result.
  struct SequenceRow {
    var id: Int
    var loss: Double
    var predicted: Int
  }

  /// All ranks' rows, on every rank, in the order of ids.
  func gathered(_ rows: [SequenceRow]) throws -> [SequenceRow] {
    let ids = try communicator.allGather(rows.map { Int64($0.id) }).joined()
    let losses = try communicator.allGather(rows.map(\.loss)).joined()
    let predicted = try communicator.allGather(rows.map { Int64($0.predicted) }).joined()
    return zip(ids, zip(losses, predicted)).map { SequenceRow(id: Int($0), loss: $1.0, predicted: Int($1.1)) }
      .sorted { $0.id < $1.id }
  }
}

extension Evaluator where O == Classify {
  /// How well the classes of labelled sequences are told.
  func classification(_ ids: [Int], classes: [String]) throws -> ClassificationReport {
    var rows: [SequenceRow] = []
    try forEachBatch(ids) { batch, pass in
      let embedding = try model.encoder.embed(EncoderInput(batch.values), &pass)
      let (logits, _) = model.objective.head.forward(embedding, pass)
      let predicted = logits.largest()
      let sums = Losses.crossEntropy(logits, targets: batch.labels)
      for (index, id) in batch.ids.enumerated() {
        rows.append(SequenceRow(id: id, loss: sums.sequenceLoss[index], predicted: predicted[index]))
      }
    }
    let all = try gathered(rows)
    return ClassificationReport(
      classes: classes, truth: all.map { labels[$0.id]! }, predicted: all.map(\.predicted),
      losses: all.map(\.loss))
  }

  /// The most probable class of each sequence, on every rank, in the order of ids.
  func guesses(_ ids: [Int]) throws -> [ClassGuess] {
    var own: [ClassGuess] = []
    try forEachBatch(ids) { batch, pass in
      let embedding = try model.encoder.embed(EncoderInput(batch.values), &pass)
      let (logits, _) = model.objective.head.forward(embedding, pass)
      Losses.softmax(logits)
      for (index, label) in logits.largest().enumerated() {
        own.append(ClassGuess(id: batch.ids[index], label: label, probability: Double(logits.row(index)[label])))
      }
    }
    // The row's number is a probability here.
    return try gathered(own.map { SequenceRow(id: $0.id, loss: $0.probability, predicted: $0.label) }).map {
      ClassGuess(id: $0.id, label: $0.predicted, probability: $0.loss)
    }
  }

  /// Class probabilities of each sequence, in the order of `ids`, `[ids × classes]`; on rank 0, elsewhere empty.
  func probabilities(_ ids: [Int], classes: Int) throws -> [Float] {
    try rows(ids, width: classes) { batch, pass in
      let embedding = try model.encoder.embed(EncoderInput(batch.values), &pass)
      let (logits, _) = model.objective.head.forward(embedding, pass)
      Losses.softmax(logits)
      return logits
    }
  }
}

extension Evaluator {
  /// Pooled embeddings of each sequence, in the order of `ids`, `[ids × width]`; on rank 0, elsewhere empty.
  func embeddings(_ ids: [Int], pooling: Pooling) throws -> [Float] {
    try rows(ids, width: model.encoder.width) { batch, pass in
      let embedding = try model.encoder.embed(EncoderInput(batch.values), &pass)
      return pooling.forward(embedding).0
    }
  }

  /// A row of `width` for each sequence, gathered to rank 0 and brought into the order of `ids`.
  private func rows(
    _ ids: [Int], width: Int, _ compute: (Batch, inout ForwardPass) throws -> PackedTensor
  ) throws -> [Float] {
    var own: [Float] = []
    var order: [Int64] = []
    try forEachBatch(ids) { batch, pass in
      own += try compute(batch, &pass).elements
      order += batch.ids.map(Int64.init)
    }
    // Both are collective: every rank calls both before any looks at what it got.
    let (gatheredValues, gatheredOwners) = (try communicator.gather(own), try communicator.gather(order))
    guard let values = gatheredValues, let owners = gatheredOwners else { return [] }
    let places = Dictionary(uniqueKeysWithValues: ids.enumerated().map { (Int64($1), $0) })
    var result = [Float](repeating: 0, count: ids.count * width)
    let (all, owned) = (Array(values.joined()), Array(owners.joined()))
    for (index, id) in owned.enumerated() {
      let to = places[id]! * width
      for k in 0..<width { result[to + k] = all[index * width + k] }
    }
    return result
  }
}

extension Array {
  /// One of `parts` parts that are as equal as can be.
  func part(_ index: Int, of parts: Int) -> [Element] {
    Array(self[index * count / parts..<(index + 1) * count / parts])
  }
}

extension PackedTensor {
  /// The channel of the largest value of each row; of equal ones the first.
  func largest() -> [Int] {
    (0..<layout.timesteps).map { index in
      let values = row(index)
      return (1..<channels).reduce(0) { values[$1] > values[$0] ? $1 : $0 }
    }
  }
}
