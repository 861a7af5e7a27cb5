internal import CKernels

/// A loss summed lane by lane; its division by the global count comes last.
public struct LossSums: Sendable {
  /// Σ loss of each carried lane.
  public var loss: LaneSums
  /// Terms that were summed on this rank.
  public var count: Int
  /// Terms that were predicted correctly on this rank, where that has a meaning.
  public var correct: Int

  /// Sums of rows' losses, leaf by leaf in Double.
  init(rows loss: [Double], layout: RaggedLayout, count: Int, correct: Int) {
    var sums = LaneSums(lanes: layout.carriedLanes, count: 1)
    layout.forEachLeaf { lane, sequence, rows in
      var leaf = 0.0
      let first = layout.offsets[sequence]
      for row in rows { leaf += loss[first + row] }
      sums.values[lane] += leaf
    }
    self.loss = sums
    self.count = count
    self.correct = correct
  }
}

/// Losses over the rows of a packed tensor. Each turns the prediction into the gradient of the loss's sum, in place.
public enum Losses {
  /// Cross-entropy of logits `[rows, classes]` against a class for each row (natural logarithm).
  /// - Parameters:
  ///   - targets: a class in `0 ..< classes` for each row.
  ///   - smoothing: share of the target spread evenly over all classes.
  /// - Returns: the sums, and for each row its loss.
  public static func crossEntropy(
    _ logits: PackedTensor, targets: [Int32], smoothing: Float = 0
  ) -> (sums: LossSums, rows: [Double]) {
    precondition(targets.count == logits.layout.timesteps, "\(targets.count) targets for \(logits.layout.timesteps) rows")
    precondition(
      targets.allSatisfy { $0 >= 0 && $0 < logits.channels }, "a target is not one of \(logits.channels) classes")
    var losses = [Double](repeating: 0, count: targets.count)
    var correct = [UInt8](repeating: 0, count: targets.count)
    Kernels.active.cross_entropy(
      logits.base, targets, nil, smoothing, targets.count, logits.channels, &losses, &correct)
    let sums = LossSums(
      rows: losses, layout: logits.layout, count: targets.count, correct: correct.reduce(0) { $0 + Int($1) })
    return (sums, losses)
  }

  /// Huber loss of `[rows, elements]` against targets of the same shape: `d²/2` within `delta`, `delta·(|d| − delta/2)` beyond.
  /// - Parameter weights: a byte an element; elements with 0 have no loss and no gradient. None: all count.
  public static func huber(
    _ prediction: PackedTensor, targets: [Float], weights: [UInt8]? = nil, delta: Float = 1
  ) -> (sums: LossSums, rows: [Double]) {
    precondition(targets.count == prediction.count, "\(targets.count) targets for \(prediction.count) predictions")
    let rows = prediction.layout.timesteps
    var losses = [Double](repeating: 0, count: rows)
    if let weights {
      precondition(weights.count == targets.count, "\(weights.count) weights for \(targets.count) targets")
      Kernels.active.huber(prediction.base, targets, weights, delta, rows, prediction.channels, &losses)
    } else {
      Kernels.active.huber(prediction.base, targets, nil, delta, rows, prediction.channels, &losses)
    }
    let count = weights.map { $0.reduce(0) { $0 + Int($1) } } ?? targets.count
    return (LossSums(rows: losses, layout: prediction.layout, count: count, correct: 0), losses)
  }

  /// Softmax of each row, in place.
  public static func softmax(_ logits: PackedTensor) {
    Kernels.active.softmax(logits.base, logits.layout.timesteps, logits.channels)
  }
}
