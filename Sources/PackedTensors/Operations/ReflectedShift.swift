/// Sequences moved along time, each by a number of timesteps of its own: what would come in from beyond an end is what
/// lies before that end, mirrored (PyTorch's `reflect` padding). No length changes.
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
    forEachStretch(of: x) { row, source, count in
      y.row(row).update(from: x.row(source), count: count * x.channels)
    }
    return y
  }

  /// The adjoint of ``forward(_:)``: each row of the gradient is added to the row that stood there, in a fixed order.
  public func backward(_ gradient: PackedTensor) -> PackedTensor {
    let output = PackedTensor(layout: layout, channels: gradient.channels)
    output.fill(0)
    forEachStretch(of: gradient) { row, source, count in
      let (from, to) = (gradient.row(row), output.row(source))
      for element in 0..<count * gradient.channels { to[element] += from[element] }
    }
    return output
  }

  /// Visits all rows of a tensor of the layout, as stretches of `count` rows from `row` on, where those from `source` on
  /// are to stand: of each sequence the mirrored rows one by one, then the others at once. A sequence is one thread's.
  private func forEachStretch(of x: PackedTensor, _ body: (_ row: Int, _ source: Int, _ count: Int) -> Void) {
    precondition(x.layout.offsets == layout.offsets, "another layout than the shift's")
    Workers.forEach(layout.sequences) { sequence in
      let (rows, shift) = (layout.rows(of: sequence), shifts[sequence])
      for row in rows.lowerBound..<rows.lowerBound + max(0, -shift) {
        body(row, 2 * rows.lowerBound - (row + shift), 1)
      }
      for row in rows.upperBound - max(0, shift)..<rows.upperBound {
        body(row, 2 * (rows.upperBound - 1) - (row + shift), 1)
      }
      let inner = rows.lowerBound + max(0, -shift)
      body(inner, inner + shift, rows.count - abs(shift))
    }
  }
}
