internal import CKernels

/// A loss summed lane by lane; its division by the global count comes last.
public struct LossSums: Sendable {
  /// Σ loss of each carried lane.
  public var loss: LaneSums
  /// Terms that were summed on this rank.
  public var count: Int
  /// Terms that were predicted correctly on this rank, where that has a meaning.
  public var correct: Int
  /// Σ loss of each sequence of this rank.
  public var sequenceLoss: [Double]
  /// The losses that it is made of; none: it is one.
  public var parts: [LossSums] = []

  /// Sums of rows' losses, leaf by leaf in Double.
  /// - Parameters:
  ///   - count: terms that were summed.
  ///   - correct: those of them that were predicted correctly.
  public init(rows loss: [Double], layout: RaggedLayout, count: Int, correct: Int) {
    var sums = LaneSums(lanes: layout.carriedLanes, count: 1)
    var bySequence = [Double](repeating: 0, count: layout.sequences)
    layout.forEachLeaf { lane, sequence, rows in
      var leaf = 0.0
      let first = layout.offsets[sequence]
      for row in rows { leaf += loss[first + row] }
      sums.values[lane] += leaf
      bySequence[sequence] += leaf
    }
    self.loss = sums
    self.count = count
    self.correct = correct
    sequenceLoss = bySequence
  }

  /// Several losses of the same lanes as one: `Σ factor · loss`. Counts and sequences are told by the parts alone.
  /// - Precondition: there is at least one part, and none is made of others.
  public init(combining parts: [LossSums], factors: [Double]) {
    precondition(parts.count == factors.count, "\(factors.count) factors for \(parts.count) losses")
    var sums = LaneSums(lanes: parts[0].loss.values.count, count: 1)
    for (part, factor) in zip(parts, factors) {
      for (lane, value) in part.loss.values.enumerated() { sums.values[lane] += factor * value }
    }
    loss = sums
    (count, correct, sequenceLoss) = (0, 0, [])
    self.parts = parts
  }
}

/// Losses over the rows of a packed tensor. Each turns the prediction into the gradient of the loss's sum, in place.
public enum Losses {
  /// Cross-entropy of logits `[rows, classes]` against a class for each row (natural logarithm).
  /// - Parameters:
  ///   - targets: a class in `0 ..< classes` for each row.
  ///   - weights: a byte a row; rows with 0 have no loss and no gradient. None: all count.
  ///   - smoothing: share of the target spread evenly over all classes.
  ///   - factors: by what each row's loss is multiplied; none: by one.
  public static func crossEntropy(
    _ logits: PackedTensor, targets: [Int32], weights: [UInt8]? = nil, smoothing: Float = 0, factors: [Float]? = nil
  ) -> LossSums {
    let rows = logits.layout.timesteps
    precondition(targets.count == rows, "\(targets.count) targets for \(rows) rows")
    precondition(
      targets.allSatisfy { $0 >= 0 && $0 < logits.channels }, "a target is not one of \(logits.channels) classes")
    precondition(weights?.count ?? rows == rows, "\(weights?.count ?? 0) weights for \(rows) rows")
    var losses = [Double](repeating: 0, count: rows)
    var correct = [UInt8](repeating: 0, count: rows)
    correct.withUnsafeMutableBufferPointer { correct in
      forEachRows(of: logits, targets, weights, perRow: 1, &losses) { first, count, target, weight, loss in
        Kernels.active.cross_entropy(
          logits.row(first), target, weight, smoothing, count, logits.channels, loss, correct.baseAddress! + first)
      }
    }
    for (row, factor) in (factors ?? []).enumerated() where factor != 1 {
      losses[row] *= Double(factor)
      let gradient = logits.row(row)
      for c in 0..<logits.channels { gradient[c] *= factor }
    }
    return LossSums(
      rows: losses, layout: logits.layout, count: weights.map { $0.reduce(0) { $0 + Int($1) } } ?? rows,
      correct: correct.reduce(0) { $0 + Int($1) })
  }

  /// Huber loss of `[rows, elements]` against targets of the same shape: `d²/2` within `delta`, `delta·(|d| − delta/2)`
  /// beyond.
  /// - Parameter weights: a byte an element; elements with 0 have no loss and no gradient. None: all count.
  public static func huber(
    _ prediction: PackedTensor, targets: [Float], weights: [UInt8]? = nil, delta: Float = 1
  ) -> LossSums {
    precondition(targets.count == prediction.count, "\(targets.count) targets for \(prediction.count) predictions")
    precondition(
      weights?.count ?? targets.count == targets.count,
      "\(weights?.count ?? 0) weights for \(targets.count) targets")
    var losses = [Double](repeating: 0, count: prediction.layout.timesteps)
    let channels = prediction.channels
    forEachRows(of: prediction, targets, weights, perRow: channels, &losses) { first, count, target, weight, loss in
      Kernels.active.huber(prediction.row(first), target, weight, delta, count, channels, loss)
    }
    let count = weights.map { $0.reduce(0) { $0 + Int($1) } } ?? targets.count
    return LossSums(rows: losses, layout: prediction.layout, count: count, correct: 0)
  }

  /// Gives all rows to a kernel, piece by piece, on all threads: first row, number of rows, and where their targets,
  /// weights and losses begin.
  private static func forEachRows<Target>(
    of prediction: PackedTensor, _ targets: [Target], _ weights: [UInt8]?, perRow: Int, _ losses: inout [Double],
    _ body: (Int, Int, UnsafePointer<Target>, UnsafePointer<UInt8>?, UnsafeMutablePointer<Double>) -> Void
  ) {
    let layout = prediction.layout
    func visit(_ weights: UnsafePointer<UInt8>?) {
      targets.withUnsafeBufferPointer { targets in
        losses.withUnsafeMutableBufferPointer { losses in
          guard let target = targets.baseAddress, let loss = losses.baseAddress else { return }
          layout.forEachRows { rows in
            let first = rows.lowerBound * perRow
            body(rows.lowerBound, rows.count, target + first, weights.map { $0 + first }, loss + rows.lowerBound)
          }
        }
      }
    }
    if let weights { weights.withUnsafeBufferPointer { visit($0.baseAddress) } } else { visit(nil) }
  }

  /// Softmax of each row, in place.
  public static func softmax(_ logits: PackedTensor) {
    Kernels.active.softmax(logits.base, logits.layout.timesteps, logits.channels)
  }
}
