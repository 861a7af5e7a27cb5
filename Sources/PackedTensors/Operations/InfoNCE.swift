/// How well each row is told from all others by its partner (InfoNCE: van den Oord, Li and Vinyals 2018,
/// arXiv:1807.03748; both ways and with all rows of the batch as negatives, Chen et al. 2020, arXiv:2002.05709).
///
/// Of M unit rows, 2i and 2i + 1 are partners. The loss of row i is `−ln( exp(z_i·z_p / τ) / Σ_{j≠i} exp(z_i·z_j / τ) )`.
/// Each rank knows all rows and computes the gradient of its own, so that nothing depends on who holds which. One pair alone
/// has no others to be told from: it has no terms.
public struct InfoNCE: Sendable {
  /// τ, above 0.
  public let temperature: Float

  /// A loss with temperature τ.
  public init(temperature: Float) {
    precondition(temperature > 0, "a temperature of \(temperature)")
    self.temperature = temperature
  }

  /// The losses of the rows that this rank holds, and the gradient of the sum of all rows' losses with respect to them.
  /// - Parameters:
  ///   - rows: unit rows that this rank holds, `[own, width]`, one for each sequence of its layout.
  ///   - all: those of all ranks, `[M × width]`.
  ///   - own: the place of this rank's rows among all.
  /// - Complexity: 2·M²·width FLOP, three times as many with the gradient, and M² numbers.
  public func loss(of rows: PackedTensor, among all: [Float], own: Range<Int>, withGradient: Bool) -> (
    sums: LossSums, gradient: PackedTensor?
  ) {
    let width = rows.channels
    let count = all.count / width
    precondition(all.count == count * width && count % 2 == 0, "\(all.count) numbers are no pairs of rows of \(width)")
    precondition(own.count == rows.layout.timesteps, "\(rows.layout.timesteps) rows have \(own.count) places")
    let ownLogits = logits(own, among: all, width: width)
    let sums = Losses.crossEntropy(
      ownLogits.viewed(as: rows.layout, channels: count), targets: own.map { Int32($0 ^ 1) },
      weights: count > 2 ? nil : own.map { _ in 0 })
    guard withGradient else { return (sums, nil) }
    // Of the sum of all losses, ∂/∂(z_i·z_j / τ) is g_ij; a row stands in its own loss and in all others'.
    var gradients = ownLogits
    if own.count < count {
      gradients = logits(0..<count, among: all, width: width)
      _ = Losses.crossEntropy(
        gradients, targets: (0..<count).map { Int32($0 ^ 1) }, weights: count > 2 ? nil : [0, 0])
    }
    let both = PackedTensor(layout: RaggedLayout(lengths: [own.count]), channels: count)
    for (index, i) in own.enumerated() {
      let (to, from) = (both.row(index), gradients.row(i))
      for j in 0..<count { to[j] = (from[j] + gradients.row(j)[i]) / temperature }
    }
    var transposed = [Float](repeating: 0, count: all.count)
    for j in 0..<count { for c in 0..<width { transposed[c * count + j] = all[j * width + c] } }
    let gradient = RowProducts.multiply(both, by: transposed, outputs: width)
    return (sums, gradient.viewed(as: rows.layout, channels: width))
  }

  /// `z_i·z_j / τ` of some rows with all, `[rows, M]`; with itself a row is given no share.
  private func logits(_ rows: Range<Int>, among all: [Float], width: Int) -> PackedTensor {
    let scaled = PackedTensor(
      layout: RaggedLayout(lengths: [rows.count]), channels: width,
      elements: all[rows.lowerBound * width..<rows.upperBound * width].map { $0 / temperature })
    let logits = RowProducts.multiply(scaled, by: all, outputs: all.count / width)
    for (index, row) in rows.enumerated() { logits.row(index)[row] = -.greatestFiniteMagnitude }
    return logits
  }
}
