import Networks
import PackedTensors
import SequenceData

extension Evaluator where O == Masked {
  /// Hides spans of sequences, as validation does, and tells what the model makes of them. For one rank alone.
  /// - Parameter seed: of the spans.
  func hiddenSequences(_ ids: [Int], seed: UInt64) throws -> [RestoredSequence] {
    var all: [RestoredSequence] = []
    try forEachBatch(ids) { batch, pass in
      let view = try model.view(of: batch, seed: seed, epoch: O.validation, average: nil)
      let embedding = try model.encoder.embed(model.objective.input(of: view), &pass)
      let told = model.objective.decoder.predictions(of: embedding, rows: view.hiddenFrames, pass)
      for index in batch.ids.indices { all.append(restored(index, view, told)) }
    }
    let places = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
    return all.sorted { places[$0.id]! < places[$1.id]! }
  }

  private func restored(_ index: Int, _ view: Masked.View, _ told: PackedTensor) -> RestoredSequence {
    let (batch, decoder) = (view.batch, model.objective.decoder)
    let (frame, features) = (decoder.frame, decoder.features)
    let length = batch.layout.length(of: index)
    let firstFrame = view.hiddenFrames.source.offsets[index]
    let rows = Array(view.hiddenFrames.layout.rows(of: index))
    let frames = rows.map { view.hiddenFrames.rows[$0] - firstFrame }
    var sequence = RestoredSequence(
      id: batch.ids[index], features: features, areCategories: model.objective.countsCorrect,
      values: Array(batch.raw.buffer(of: index)),
      hidden: Self.stretches(frames).map { $0.lowerBound * frame..<min(length, $0.upperBound * frame) }, told: [])
    if decoder.target == .spectrum {
      sequence.spectra = .init(
        frame: frame, bins: told.channels, actual: decoder.spectra(of: batch.values.buffer(of: index)),
        told: Dictionary(uniqueKeysWithValues: zip(frames, rows.map { Array(told.buffer(ofRow: $0)) })))
      return sequence
    }
    sequence.told = [Float](repeating: .nan, count: length * features)
    for (f, row) in zip(frames, rows) {
      let values = told.buffer(ofRow: row)
      for k in 0..<min(frame, length - f * frame) * features {
        sequence.told[f * frame * features + k] =
          if case .categories(let count) = decoder.target {
            Float((1..<count).reduce(0) { values[k * count + $1] > values[k * count + $0] ? $1 : $0 })
          } else {
            values[k]
          }
      }
    }
    if decoder.target == .values {
      sequence.told.withUnsafeMutableBufferPointer {
        normalisation.undo($0, of: batch.raw.buffer(of: index), features: features)
      }
    }
    return sequence
  }

  /// Runs of numbers that follow one another.
  private static func stretches(_ numbers: [Int]) -> [Range<Int>] {
    var stretches: [Range<Int>] = []
    for number in numbers {
      if let last = stretches.last, last.upperBound == number {
        stretches[stretches.count - 1] = last.lowerBound..<number + 1
      } else {
        stretches.append(number..<number + 1)
      }
    }
    return stretches
  }
}

extension Evaluator where O == Autoencode {
  /// Tells sequences again from what the objective's corruption leaves of them. For one rank alone.
  func restoredSequences(_ ids: [Int], seed: UInt64) throws -> [RestoredSequence] {
    let corruption = model.objective.corruption
    let told = try reconstructions(ids, corruption: corruption, seed: seed).values
    let given =
      corruption.isNone ? [] : try reconstructions(ids, corruption: corruption, seed: seed, readInstead: true).values
    return try ids.indices.map { index in
      var values = [Float](repeating: 0, count: told[index].count)
      try values.withUnsafeMutableBufferPointer { try dataset.copyValues(of: ids[index], into: $0) }
      return RestoredSequence(
        id: ids[index], features: dataset.features, areCategories: model.objective.countsCorrect, values: values,
        given: corruption.isNone ? nil : given[index], hidden: [], told: told[index])
    }
  }
}

extension PackedTensor {
  /// The channels of one row.
  fileprivate func buffer(ofRow index: Int) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: row(index), count: channels)
  }
}
