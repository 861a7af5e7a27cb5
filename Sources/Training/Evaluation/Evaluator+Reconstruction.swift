import MessagePassing
import Networks
import PackedTensors
import SequenceData

extension Evaluator where O == Autoencode {
  /// Each sequence's error of reconstruction: the mean over its timesteps and features of the objective's loss (of reals
  /// Huber loss in units of the input as the encoder reads it; of categories cross-entropy in nats), in the order of
  /// `ids`, on every rank. A sequence's error is the same bits in any batch.
  /// - Parameters:
  ///   - corruption: what is done to the input first; the objective's own is not.
  ///   - seed: of the corruption's draws.
  func reconstructionErrors(_ ids: [Int], corruption: Corruption = Corruption(), seed: UInt64 = 1) throws -> [Double] {
    var rows: [SequenceRow] = []
    try forEachReconstruction(ids, corruption, seed: seed) { batch, _, prediction in
      let sums = model.objective.loss(of: prediction, batch, perTimestep: false)
      for (index, id) in batch.ids.enumerated() {
        let values = batch.layout.length(of: index) * dataset.features
        rows.append(SequenceRow(id: id, loss: sums.sequenceLoss[index] / Double(values), predicted: 0))
      }
    }
    let errors = Dictionary(uniqueKeysWithValues: try gathered(rows).map { ($0.id, $0.loss) })
    return ids.map { errors[$0]! }
  }

  /// The error of every timestep, the mean over its features, of each sequence, in the order of `ids`; on rank 0,
  /// elsewhere empty.
  func timestepErrors(_ ids: [Int], corruption: Corruption = Corruption(), seed: UInt64 = 1) throws -> [[Float]] {
    var own: [Float] = []
    var order: [Int] = []
    try forEachReconstruction(ids, corruption, seed: seed) { batch, _, prediction in
      let sums = model.objective.loss(of: prediction, batch, perTimestep: true)
      own += sums.sequenceLoss.map { Float($0 / Double(dataset.features)) }
      order += batch.ids
    }
    return try ragged(own, order, of: ids, perTimestep: 1)
  }

  /// What is restored of each sequence, `[length × features]`, in the order of `ids`, in units of the data set: reals, or
  /// the likeliest category; on rank 0, elsewhere empty. And the sums over all values of the squares of what restored and
  /// given input differ from the clean one by, in units of the input as the encoder reads it; of categories how many
  /// differ.
  /// - Parameter readInstead: gives what the encoder read in place of what is restored.
  func reconstructions(
    _ ids: [Int], corruption: Corruption = Corruption(), seed: UInt64 = 1, readInstead: Bool = false
  ) throws -> (values: [[Float]], given: Double, restored: Double) {
    var own: [Float] = []
    var order: [Int] = []
    var (given, restored): ([SequenceRow], [SequenceRow]) = ([], [])
    try forEachReconstruction(ids, corruption, seed: seed) { batch, input, prediction in
      var told = prediction
      if case .categories(let count) = model.objective.target {
        let layout = batch.layout.repeated(dataset.features)
        let best = prediction.viewed(as: layout, channels: count).largest().map(Float.init)
        told = PackedTensor(layout: batch.layout, channels: dataset.features, elements: best)
      }
      for (index, id) in batch.ids.enumerated() {
        let (clean, seen, made) = (
          batch.clean(index, of: model.objective), input.buffer(of: index), told.buffer(of: index)
        )
        given.append(SequenceRow(id: id, loss: model.objective.difference(seen, clean), predicted: 0))
        restored.append(SequenceRow(id: id, loss: model.objective.difference(made, clean), predicted: 0))
        if readInstead {
          normalisation.undo(seen, of: batch.raw.buffer(of: index), features: dataset.features)
          own += seen
          continue
        }
        if case .values = model.objective.target {
          normalisation.undo(made, of: batch.raw.buffer(of: index), features: dataset.features)
        }
        own += made
      }
      order += batch.ids
    }
    return (
      try ragged(own, order, of: ids, perTimestep: dataset.features),
      try gathered(given).reduce(0) { $0 + $1.loss }, try gathered(restored).reduce(0) { $0 + $1.loss }
    )
  }

  /// Visits this rank's share of `ids` in batches: the batch, what the encoder reads of it, and what is told again.
  private func forEachReconstruction(
    _ ids: [Int], _ corruption: Corruption, seed: UInt64,
    _ body: (Batch, _ input: PackedTensor, _ prediction: PackedTensor) throws -> Void
  ) throws {
    try forEachBatch(ids) { batch, pass in
      let input = corruption.applied(to: batch.values, ids: batch.ids, seed: seed, epoch: -1)
      let embedding = try model.encoder.embed(EncoderInput(input), &pass)
      try body(batch, input, model.objective.decode(embedding, to: batch.layout, pass).0)
    }
  }

  /// Values of each sequence, gathered to rank 0 and brought into the order of `ids`.
  private func ragged(_ own: [Float], _ order: [Int], of ids: [Int], perTimestep: Int) throws -> [[Float]] {
    // Both are collective: every rank calls both before any looks at what it got.
    let (gatheredValues, gatheredOwners) = (
      try communicator.gather(own), try communicator.gather(order.map(Int64.init))
    )
    guard let values = gatheredValues?.joined(), let owners = gatheredOwners?.joined() else { return [] }
    var parts: [Int: [Float]] = [:]
    let all = Array(values)
    var first = 0
    for owner in owners {
      let count = dataset.length(of: Int(owner)) * perTimestep
      parts[Int(owner)] = Array(all[first..<first + count])
      first += count
    }
    return ids.map { parts[$0]! }
  }
}

extension Batch {
  /// What an objective is to tell of a sequence: values as the encoder reads them, or categories.
  fileprivate func clean(_ index: Int, of objective: Autoencode) -> UnsafeMutableBufferPointer<Float> {
    objective.countsCorrect ? raw.buffer(of: index) : values.buffer(of: index)
  }
}

extension Autoencode {
  /// Σ (x − y)², in Double and in order; of categories how many differ.
  fileprivate func difference(
    _ x: UnsafeMutableBufferPointer<Float>, _ y: UnsafeMutableBufferPointer<Float>
  ) -> Double {
    var sum = 0.0
    for index in x.indices {
      let d = Double(x[index]) - Double(y[index])
      sum += countsCorrect ? (d == 0 ? 0 : 1) : d * d
    }
    return sum
  }
}
