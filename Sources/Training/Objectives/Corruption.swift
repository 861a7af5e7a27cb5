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
      for (t, row) in layout.rows(of: sequence).enumerated() {
        let to = copy.row(row)
        to.update(from: values.row(row), count: features)
        if noise > 0 {
          for feature in stride(from: 0, to: features, by: 2) {
            let (first, second) = noises.normals(sequence: ids[sequence], timestep: t, channel: feature)
            to[feature] += Float(noise * first)
            if feature + 1 < features { to[feature + 1] += Float(noise * second) }
          }
        }
        if mask > 0 {
          for feature in 0..<features
          where masks.uniformDouble(sequence: ids[sequence], timestep: t, channel: 2 * feature) < mask {
            to[feature] =
              categories.map {
                Float(masks.integer(below: $0, sequence: ids[sequence], timestep: t, channel: 2 * feature + 1))
              } ?? 0
          }
        }
      }
    }
    return copy
  }
}
