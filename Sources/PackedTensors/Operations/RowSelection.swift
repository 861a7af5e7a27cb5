/// A choice of rows of a packed tensor, so that a decoder works on these alone.
public struct RowSelection: Sendable {
  /// The chosen rows, ascending.
  public let rows: [Int]
  /// The layout of the tensor that they are chosen from.
  public let source: RaggedLayout
  /// The layout of the chosen rows: the same sequences and lanes, shorter.
  public let layout: RaggedLayout

  /// Chooses the rows whose flag is not 0. Counts over other ranks are not known: `layout.globalLengths` are this
  /// rank's own.
  public init(_ flags: [UInt8], of source: RaggedLayout) {
    precondition(flags.count == source.timesteps, "\(flags.count) flags for \(source.timesteps) timesteps")
    var rows: [Int] = []
    var lengths: [Int] = []
    for sequence in 0..<source.sequences {
      let before = rows.count
      for row in source.rows(of: sequence) where flags[row] != 0 { rows.append(row) }
      lengths.append(rows.count - before)
    }
    self.rows = rows
    self.source = source
    layout = RaggedLayout(lengths: lengths, laneBounds: source.laneBounds)
  }

  /// The chosen rows of `x`, `[rows, channels]`.
  public func gather(_ x: PackedTensor) -> PackedTensor {
    let output = PackedTensor(layout: layout, channels: x.channels)
    for (index, row) in rows.enumerated() { output.row(index).update(from: x.row(row), count: x.channels) }
    return output
  }

  /// The adjoint of ``gather(_:)``: the chosen rows in their places, zero elsewhere.
  public func scatter(_ gradient: PackedTensor) -> PackedTensor {
    let output = PackedTensor(layout: source, channels: gradient.channels)
    output.fill(0)
    for (index, row) in rows.enumerated() {
      output.row(row).update(from: gradient.row(index), count: gradient.channels)
    }
    return output
  }
}
