/// Sequences moved along time, each by a number of timesteps of its own: what would come in from beyond an end is what lies
/// before that end, mirrored (PyTorch's `reflect` padding). No length changes.
///
/// It is linear, so that a displacement of what it reads moves as the rows do.
public struct ReflectedShift: Sendable {
  /// For each sequence how many timesteps later the row is that stands at each timestep; negative: earlier. Never as much
  /// as the sequence is long, beyond which there is nothing to mirror.
  private let shifts: [Int]
  private let layout: RaggedLayout

  /// - Parameter shifts: one for each sequence of `layout`; what is too much for a short one is cut to its length less 1.
  public init(_ shifts: [Int], in layout: RaggedLayout) {
    precondition(shifts.count == layout.sequences, "\(shifts.count) shifts for \(layout.sequences) sequences")
    self.layout = layout
    self.shifts = shifts.enumerated().map { sequence, shift in
      let most = max(0, layout.length(of: sequence) - 1)
      return min(max(shift, -most), most)
    }
  }

  /// `y[t] = x[t + shift]`, mirrored at both ends. One copy.
  public func forward(_ x: PackedTensor) -> PackedTensor {
    let y = PackedTensor(layout: layout, channels: x.channels)
    forEachRow(of: x) { row, source in y.row(row).update(from: x.row(source), count: x.channels) }
    return y
  }

  /// The adjoint of ``forward(_:)``: each row of the gradient is added to the row that stood there, first timesteps first.
  public func backward(_ gradient: PackedTensor) -> PackedTensor {
    let output = PackedTensor(layout: layout, channels: gradient.channels)
    output.fill(0)
    forEachRow(of: gradient) { row, source in
      for c in 0..<gradient.channels { output.row(source)[c] += gradient.row(row)[c] }
    }
    return output
  }

  /// Visits all rows of a tensor of the layout, with the row that is to stand there. A sequence is one thread's.
  private func forEachRow(of x: PackedTensor, _ body: (_ row: Int, _ source: Int) -> Void) {
    precondition(x.layout.offsets == layout.offsets, "another layout than the shift's")
    Workers.forEach(layout.sequences) { sequence in
      let rows = layout.rows(of: sequence)
      for row in rows {
        var source = row + shifts[sequence]
        if source < rows.lowerBound { source = 2 * rows.lowerBound - source }
        if source >= rows.upperBound { source = 2 * (rows.upperBound - 1) - source }
        body(row, source)
      }
    }
  }
}
