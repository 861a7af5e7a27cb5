import MessagePassing
import Networks
import PackedTensors

extension StepRunner {
  /// Finds the sequences of a step, over all ranks, that give no finite loss, moments and gradient even alone.
  /// Collective.
  ///
  /// Within the step one such sequence spoils all others' outputs by way of the shared moments, so each is run by
  /// itself, its moments its own. None may be found: then it is the weights, or the step as a whole.
  /// Complexity: a step's work once more.
  func sequencesThatAreNotFinite(_ batch: Batch, epoch: Int) throws -> [Int] {
    communicator.activity.enter(.diagnosing)
    var own: [Int64] = []
    for index in batch.ids.indices where try !isFinite(batch.alone(index), epoch: epoch) {
      own.append(Int64(batch.ids[index]))
      communicator.activity.enter(.diagnosing)
    }
    return try communicator.allGather(own).joined().map { Int($0) }.sorted()
  }

  private func isFinite(_ batch: Batch, epoch: Int) throws -> Bool {
    let alone = try model.gradients(ofAlone: batch, seed: seed, epoch: epoch, average: average?.store)
    return alone.loss.isFinite && alone.areMomentsFinite
      && ParameterUpdates.squareSum(alone.gradients.total, count: model.store.count).isFinite
  }
}

extension Batch {
  /// One sequence of the batch as a batch of its own.
  func alone(_ index: Int) -> Batch {
    let layout = RaggedLayout(lengths: [layout.length(of: index)])
    func part(_ tensor: PackedTensor) -> PackedTensor {
      let copy = PackedTensor(layout: layout, channels: tensor.channels)
      copy.base.update(from: tensor.row(tensor.layout.offsets[index]), count: copy.count)
      return copy
    }
    return Batch(
      raw: part(raw), values: part(values), ids: [ids[index]], labels: [labels[index]], step: step,
      labelWeights: labelWeights.map { [$0[index]] })
  }
}
