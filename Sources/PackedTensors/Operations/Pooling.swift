internal import CKernels

/// How the timesteps of a sequence become one row.
public enum Pooling: String, Sendable, CaseIterable {
  /// The mean of each channel.
  case mean
  /// The largest value of each channel; of equal ones the first. A NaN is larger than any number.
  case max
  /// The last timestep.
  case last

  /// What the adjoint needs besides the layout: for `max` the row of each maximum, `[sequences × channels]`.
  public struct Saved {
    let layout: RaggedLayout
    let rows: [Int32]
  }

  /// Pools `[timesteps, channels]` to `[sequences, channels]`. The mean is summed leaf by leaf and in Double beyond.
  public func forward(_ x: PackedTensor) -> (PackedTensor, Saved) {
    let output = PackedTensor(layout: x.layout.pooled, channels: x.channels)
    var chosen: [Int32] = []
    switch self {
    case .mean:
      let parts = x.layout.withSequencesAsLanes
      var sums = LaneSums(lanes: x.layout.sequences, count: x.channels)
      parts.shareLeaves { leaves in
        sums.withLeaves(leaves) { sums in
          leaves.forEach { piece in
            let rows = parts.rows(of: piece)
            var place = sums.begin(piece)
            place.add(rows: rows.count) {
              Kernels.active.column_sums_double(x.row(rows.lowerBound + $0.lowerBound), $0.count, x.channels, $1)
            }
            sums.end(place)
          }
        }
      }
      for sequence in 0..<x.layout.sequences {
        let length = Double(x.layout.length(of: sequence))
        for (c, sum) in sums[sequence].enumerated() { output.row(sequence)[c] = Float(sum / length) }
      }
    case .max:
      chosen = [Int32](repeating: 0, count: output.count)
      chosen.withUnsafeMutableBufferPointer { chosen in
        let chosen = chosen.baseAddress
        Workers.forEach(x.layout.sequences) { sequence in
          let rows = x.layout.rows(of: sequence)
          let (best, chosen) = (output.row(sequence), chosen! + sequence * x.channels)
          best.update(from: x.row(rows.lowerBound), count: x.channels)
          chosen.update(repeating: Int32(rows.lowerBound), count: x.channels)
          for row in rows.dropFirst() {
            let values = x.row(row)
            for c in 0..<x.channels where values[c] > best[c] || values[c].isNaN {
              best[c] = values[c]
              chosen[c] = Int32(row)
            }
          }
        }
      }
    case .last:
      for sequence in 0..<x.layout.sequences {
        output.row(sequence).update(from: x.row(x.layout.offsets[sequence + 1] - 1), count: x.channels)
      }
    }
    return (output, Saved(layout: x.layout, rows: chosen))
  }

  /// The adjoint of ``forward(_:)`` for a gradient of `[sequences, channels]`.
  public func backward(_ gradient: PackedTensor, _ saved: Saved) -> OutputGradient {
    let (layout, channels) = (saved.layout, gradient.channels)
    if self == .mean {
      let shared = PackedTensor(layout: layout.pooled, channels: channels)
      for sequence in 0..<layout.sequences {
        let length = Float(layout.length(of: sequence))
        for c in 0..<channels { shared.row(sequence)[c] = gradient.row(sequence)[c] / length }
      }
      return OutputGradient(repeating: shared)
    }
    let result = PackedTensor(layout: layout, channels: channels)
    layout.forEachRows { result.row($0.lowerBound).update(repeating: 0, count: $0.count * channels) }
    for sequence in 0..<layout.sequences {
      for c in 0..<channels {
        let row = self == .max ? Int(saved.rows[sequence * channels + c]) : layout.offsets[sequence + 1] - 1
        result.row(row)[c] = gradient.row(sequence)[c]
      }
    }
    return OutputGradient(result)
  }
}
