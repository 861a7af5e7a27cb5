internal import CKernels

/// Sets elements to zero at random and divides the rest by the share that stays (Srivastava et al. 2014).
///
/// The draw of an element depends on seed, layer, epoch, sequence, timestep and channel alone, so the adjoint repeats
/// it and nothing is saved.
public struct Dropout: Sendable {
  /// Share of elements set to zero, in `0 ..< 1`.
  public let rate: Double
  /// The source of the draws: the layer's path and the epoch are in it.
  public let key: RandomKey

  /// A dropout of `rate` with its source of draws.
  public init(rate: Double, key: RandomKey) {
    precondition(rate >= 0 && rate < 1, "a dropout rate of \(rate) is not in 0 ..< 1")
    self.rate = rate
    self.key = key
  }

  /// Applies the dropout in place: forward to values, backward to gradients.
  /// - Parameter ids: the data set's id of each sequence.
  public func apply(to x: PackedTensor, ids: [Int]) {
    precondition(ids.count == x.layout.sequences, "\(ids.count) ids for \(x.layout.sequences) sequences")
    if rate == 0 { return }
    let threshold = UInt32(rate * 0x1p32)
    let scale = Float(1 / (1 - rate))
    Workers.forEach(x.layout.sequences) { sequence in
      let rows = x.layout.rows(of: sequence)
      Kernels.active.dropout(
        x.row(rows.lowerBound), rows.count, x.channels, key.key, UInt64(bitPattern: Int64(ids[sequence])), threshold,
        scale)
    }
  }
}
