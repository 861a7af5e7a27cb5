/// How well what was predicted of a moment is told from what really came elsewhere (InfoNCE for contrastive predictive
/// coding: van den Oord, Li and Vinyals 2018, arXiv:1807.03748).
///
/// Each of M anchors predicts the next `steps` moments: unit rows q_(i,k) and, of what came, z_(i,k). The loss of a
/// prediction is `−ln( exp(q_(i,k)·z_(i,k) / τ) / Σ_j exp(q_(i,k)·z_(j,k) / τ) )`, j over all anchors, or over those of its
/// own sequence. Each rank knows all rows and computes the gradient of its own, so that nothing depends on who holds which.
/// A prediction with nothing to be told from has no term.
public struct PredictionNCE: Sendable {
  /// τ, above 0.
  public let temperature: Float
  /// Moments that each anchor predicts.
  public let steps: Int
  /// Whether others are those of the same sequence alone.
  public let isWithinSequence: Bool

  /// A loss with temperature τ.
  public init(temperature: Float, steps: Int, isWithinSequence: Bool) {
    precondition(temperature > 0 && steps > 0, "a temperature of \(temperature), \(steps) steps")
    self.temperature = temperature
    self.steps = steps
    self.isWithinSequence = isWithinSequence
  }

  /// All anchors' unit rows, `[M × steps × width]` each, and each anchor's sequence, numbered in any way.
  public struct Rows {
    let predictions, moments: [Float]
    let sequences: [Int]
    let width: Int

    /// Rows of all ranks in the order of their lanes.
    public init(predictions: [Float], moments: [Float], sequences: [Int], width: Int) {
      precondition(predictions.count == moments.count, "\(predictions.count) and \(moments.count) elements")
      self.predictions = predictions
      self.moments = moments
      self.sequences = sequences
      self.width = width
    }
  }

  /// The losses of the anchors that this rank holds, and the gradients of the sum of all losses with respect to their
  /// predictions and their moments.
  /// - Parameters:
  ///   - layout: a row for each step of each anchor that this rank holds.
  ///   - own: the place of this rank's anchors among all.
  /// - Complexity: 2·M²·steps·width FLOP, three times as many with the gradients, and M²·steps numbers.
  public func loss(_ rows: Rows, layout: RaggedLayout, own: Range<Int>, withGradient: Bool) -> (
    sums: LossSums, gradients: (predictions: PackedTensor, moments: PackedTensor)?
  ) {
    let count = rows.sequences.count
    precondition(
      layout.timesteps == own.count * steps && rows.predictions.count == count * steps * rows.width,
      "\(layout.timesteps) rows of \(own.count) anchors, \(rows.predictions.count) elements of \(count)")
    let (ownLogits, sums) = losses(rows, own, layout: layout)
    guard withGradient else { return (sums, nil) }
    let all = own.count == count ? ownLogits : losses(rows, 0..<count, layout: nil).logits
    let predictions = PackedTensor(layout: layout, channels: rows.width)
    let moments = PackedTensor(layout: layout, channels: rows.width)
    for k in 0..<steps {
      // Of the sum of all losses, ∂/∂(q_i·z_j / τ) is g_ij.
      let (given, taken) = (matrix(own.count, count), matrix(own.count, count))
      for (index, i) in own.enumerated() {
        let row = ownLogits.row(index * steps + k)
        for j in 0..<count {
          given.row(index)[j] = row[j] / temperature
          taken.row(index)[j] = all.row(j * steps + k)[i] / temperature
        }
      }
      spread(
        RowProducts.multiply(given, by: transposed(rows.moments, rows, k), outputs: rows.width), to: predictions, k)
      spread(
        RowProducts.multiply(taken, by: transposed(rows.predictions, rows, k), outputs: rows.width), to: moments, k)
    }
    return (sums, (predictions, moments))
  }

  /// The losses of some anchors, and the gradients of their logits, `[anchors × steps, M]`.
  private func losses(_ rows: Rows, _ anchors: Range<Int>, layout: RaggedLayout?) -> (
    logits: PackedTensor, sums: LossSums
  ) {
    let (count, width) = (rows.sequences.count, rows.width)
    let logits = PackedTensor(
      layout: layout ?? RaggedLayout(lengths: [anchors.count * steps]), channels: max(1, count))
    for k in 0..<steps {
      let scaled = matrix(anchors.count, width)
      for (index, anchor) in anchors.enumerated() {
        for c in 0..<width {
          scaled.row(index)[c] = rows.predictions[(anchor * steps + k) * width + c] / temperature
        }
      }
      spread(RowProducts.multiply(scaled, by: step(k, of: rows.moments, rows), outputs: count), to: logits, k)
    }
    var others: [Int: Int] = [:]
    for sequence in rows.sequences { others[sequence, default: 0] += 1 }
    var weights: [UInt8] = []
    for (index, anchor) in anchors.enumerated() {
      let sequence = rows.sequences[anchor]
      let candidates = isWithinSequence ? others[sequence]! : count
      for k in 0..<steps {
        weights.append(candidates > 1 ? 1 : 0)
        if !isWithinSequence { continue }
        for j in 0..<count where rows.sequences[j] != sequence {
          logits.row(index * steps + k)[j] = -.greatestFiniteMagnitude
        }
      }
    }
    let targets = anchors.flatMap { [Int32](repeating: Int32($0), count: steps) }
    return (logits, Losses.crossEntropy(logits, targets: targets, weights: weights))
  }

  private func matrix(_ rows: Int, _ columns: Int) -> PackedTensor {
    PackedTensor(layout: RaggedLayout(lengths: [rows]), channels: columns)
  }

  /// The rows of one step, `[M × width]`.
  private func step(_ k: Int, of all: [Float], _ rows: Rows) -> [Float] {
    rows.sequences.indices.flatMap { all[($0 * steps + k) * rows.width..<($0 * steps + k + 1) * rows.width] }
  }

  /// The rows of one step as columns, `[width × M]`.
  private func transposed(_ all: [Float], _ rows: Rows, _ k: Int) -> [Float] {
    let count = rows.sequences.count
    var result = [Float](repeating: 0, count: count * rows.width)
    for j in 0..<count {
      for c in 0..<rows.width { result[c * count + j] = all[(j * steps + k) * rows.width + c] }
    }
    return result
  }

  /// Writes a row an anchor to the places of one step.
  private func spread(_ source: PackedTensor, to target: PackedTensor, _ k: Int) {
    for index in 0..<source.layout.timesteps {
      target.row(index * steps + k).update(from: source.row(index), count: source.channels)
    }
  }
}
