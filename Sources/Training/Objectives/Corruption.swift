import PackedTensors

/// What is done to an input that is to be restored: noise on every value, and values that say nothing any more (Vincent et
/// al. 2010). All draws are keyed by seed, epoch, sequence, timestep and feature.
struct Corruption: Sendable, Equatable {
  /// Standard deviation of normal noise, in units of the input as the encoder reads it.
  var noise = 0.0
  /// Share of values that are set to zero; where values are categories, that become one drawn from all.
  var mask = 0.0
  /// Number of categories, where the encoder looks values up.
  var categories: Int?

  /// Whether it changes nothing.
  var isNone: Bool { noise == 0 && mask == 0 }

  /// A corrupted copy of `[timesteps, features]`; the values themselves where nothing is changed.
  func applied(to values: PackedTensor, ids: [Int], seed: UInt64, epoch: Int) -> PackedTensor {
    if isNone { return values }
    let (layout, features) = (values.layout, values.channels)
    let copy = PackedTensor(layout: layout, channels: features)
    let noises = RandomKey(seed: seed, purpose: "corruption.noise", epoch: epoch)
    let masks = RandomKey(seed: seed, purpose: "corruption.mask", epoch: epoch)
    Workers.forEach(layout.sequences) { sequence in
      let (rows, length) = (copy.row(layout.offsets[sequence]), layout.length(of: sequence))
      rows.update(from: values.row(layout.offsets[sequence]), count: length * features)
      if noise > 0 {
        noises.addNormals(
          to: rows, timesteps: length, channels: features, sequence: ids[sequence], deviation: noise)
      }
      guard mask > 0 else { return }
      for t in 0..<length {
        for feature in 0..<features
        where masks.uniformDouble(sequence: ids[sequence], timestep: t, channel: 2 * feature) < mask {
          rows[t * features + feature] =
            categories.map {
              Float(masks.integer(below: $0, sequence: ids[sequence], timestep: t, channel: 2 * feature + 1))
            } ?? 0
        }
      }
    }
    return copy
  }
}
