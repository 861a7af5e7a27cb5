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
      Workers.forEach(x.layout.sequences) { sequence in
        var sums = [Double](repeating: 0, count: x.channels)
        sums.withUnsafeMutableBufferPointer {
          Kernels.active.column_sums_double(
            x.row(x.layout.offsets[sequence]), x.layout.length(of: sequence), x.channels, $0.baseAddress)
        }
        let length = Double(x.layout.length(of: sequence))
        for c in 0..<x.channels { output.row(sequence)[c] = Float(sums[c] / length) }
      }
    case .max:
      chosen = [Int32](repeating: 0, count: output.count)
      for sequence in 0..<x.layout.sequences {
        let rows = x.layout.rows(of: sequence)
        let best = output.row(sequence)
        best.update(from: x.row(rows.lowerBound), count: x.channels)
        for c in 0..<x.channels { chosen[sequence * x.channels + c] = Int32(rows.lowerBound) }
        for row in rows.dropFirst() {
          let values = x.row(row)
          for c in 0..<x.channels where values[c] > best[c] || values[c].isNaN {
            best[c] = values[c]
            chosen[sequence * x.channels + c] = Int32(row)
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
    result.fill(0)
    for sequence in 0..<layout.sequences {
      for c in 0..<channels {
        let row = self == .max ? Int(saved.rows[sequence * channels + c]) : layout.offsets[sequence + 1] - 1
        result.row(row)[c] = gradient.row(sequence)[c]
      }
    }
    return OutputGradient(result)
  }
}
