internal import CKernels

/// Which timesteps of a packed tensor are hidden from the encoder.
public struct HiddenRows: Sendable {
  /// A byte a row: 1 where the row is hidden.
  public let flags: [UInt8]

  /// Flags for every row.
  public init(flags: [UInt8]) { self.flags = flags }

  /// Overwrites the hidden rows of `x` with `vector`, `[channels]`.
  public func replace(in x: PackedTensor, with vector: UnsafePointer<Float>) {
    precondition(flags.count == x.layout.timesteps, "\(flags.count) flags for \(x.layout.timesteps) timesteps")
    for row in 0..<flags.count where flags[row] != 0 { x.row(row).update(from: vector, count: x.channels) }
  }

  /// Sums the hidden rows of a gradient for each carried lane, in canonical order, and sets them to zero in place.
  /// - Parameter laneFinished: given each lane's `[channels]`, in lane order; the memory is used again.
  public func takeGradient(
    from gradient: PackedTensor, laneFinished: (_ lane: Int, UnsafeMutablePointer<Float>) throws -> Void
  ) rethrows {
    let (layout, channels) = (gradient.layout, gradient.channels)
    let sums = StoragePool.shared.lease(channels)
    for lane in 0..<layout.carriedLanes {
      sums.base.update(repeating: 0, count: channels)
      for sequence in layout.sequences(ofLane: lane) {
        let rows = layout.rows(of: sequence)
        flags.withUnsafeBufferPointer {
          Kernels.active.column_sums(
            gradient.row(rows.lowerBound), $0.baseAddress! + rows.lowerBound, rows.count, channels, sums.base)
        }
      }
      try laneFinished(lane, sums.base)
    }
    for row in 0..<flags.count where flags[row] != 0 { gradient.row(row).update(repeating: 0, count: channels) }
  }
}

extension HiddenRows {
  /// The flags of every `stride`-th timestep of each sequence, from its first.
  public func strided(by stride: Int, from layout: RaggedLayout) -> HiddenRows {
    if stride == 1 { return self }
    var result: [UInt8] = []
    for sequence in 0..<layout.sequences {
      for row in Swift.stride(from: layout.offsets[sequence], to: layout.offsets[sequence + 1], by: stride) {
        result.append(flags[row])
      }
    }
    return HiddenRows(flags: result)
  }
}
