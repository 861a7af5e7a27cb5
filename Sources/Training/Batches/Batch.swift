import PackedTensors
import SequenceData

/// The sequences of one step that this rank holds, ready to be computed with.
public struct Batch {
  /// Values as the data set holds them, `[timesteps, features]`.
  public let raw: PackedTensor
  /// Values as the encoder reads them, `[timesteps, features]`; the same storage where nothing is normalised.
  public let values: PackedTensor
  /// The data set's id of each sequence.
  public let ids: [Int]
  /// The class of each sequence, −1 where it has none.
  public let labels: [Int32]
  /// Steps done before the one that it is for.
  public var step = 0
  /// By what each sequence's loss is multiplied where labels are used; none: by one.
  public var labelWeights: [Float]?

  /// Where each sequence lies.
  public var layout: RaggedLayout { raw.layout }
}

extension Batch {
  /// Reads sequences from a data set.
  /// - Parameters:
  ///   - lanes: ids of each carried lane.
  ///   - globalIDs: ids of the whole global batch.
  ///   - labels: how a model numbers the classes; nil: as the data set does.
  ///   - guesses: classes of sequences that were guessed, in place of the data set's.
  /// - Throws: `DataError` naming file, sequence, timestep and feature of the first bad value.
  init(
    reading lanes: [[Int]], globalIDs: [Int], from dataset: SequenceDataset, normalisation: InputNormalisation,
    labels: ModelLabels? = nil, guesses: GuessedLabels? = nil
  ) throws {
    let ids = Array(lanes.joined())
    var bounds = [0]
    for lane in lanes { bounds.append(bounds[bounds.count - 1] + lane.count) }
    let layout = RaggedLayout(
      lengths: ids.map { dataset.length(of: $0) }, laneBounds: bounds,
      globalLengths: globalIDs.map { dataset.length(of: $0) })
    let raw = PackedTensor(layout: layout, channels: dataset.features)
    for (index, id) in ids.enumerated() {
      try dataset.copyValues(of: id, into: raw.buffer(of: index))
    }
    var values = raw
    if normalisation != .none {
      values = PackedTensor(layout: layout, channels: dataset.features)
      values.base.update(from: raw.base, count: raw.count)
      for index in ids.indices { normalisation.apply(to: values.buffer(of: index), features: dataset.features) }
    }
    self.init(
      raw: raw, values: values, ids: ids,
      labels: ids.map { id in
        Int32(guesses?[id] ?? (labels.map { $0[id] } ?? dataset.label(of: id)) ?? -1)
      })
    if let guesses { labelWeights = ids.map { guesses[$0] == nil ? 1 : guesses.weight } }
  }
}

extension PackedTensor {
  /// All elements of one sequence.
  func buffer(of sequence: Int) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(
      start: row(layout.offsets[sequence]), count: layout.length(of: sequence) * channels)
  }
}
