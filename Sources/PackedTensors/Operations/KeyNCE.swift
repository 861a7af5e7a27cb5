/// How well each row, a query, is told from the keys of a queue by its own key (InfoNCE with a queue of negatives: He et
/// al. 2020, arXiv:1911.05722).
///
/// The loss of query q with key k is `−ln( exp(q·k / τ) / (exp(q·k / τ) + Σ_j exp(q·n_j / τ)) )` over the queue's keys n.
/// No gradient goes to keys, and no query's loss depends on another's.
public struct KeyNCE: Sendable {
  /// τ, above 0.
  public let temperature: Float

  /// A loss with temperature τ.
  public init(temperature: Float) {
    precondition(temperature > 0, "a temperature of \(temperature)")
    self.temperature = temperature
  }

  /// The losses of queries, and the gradient of their sum.
  /// - Parameters:
  ///   - queries: unit rows, `[queries, width]`.
  ///   - keys: the unit row of each query, `[queries, width]`.
  ///   - queue: unit rows, `[K × width]`.
  /// - Complexity: 2·queries·K·width FLOP, twice as many with the gradient.
  public func loss(of queries: PackedTensor, keys: PackedTensor, queue: [Float], withGradient: Bool) -> (
    sums: LossSums, gradient: PackedTensor?
  ) {
    let (layout, width) = (queries.layout, queries.channels)
    let count = queue.count / width
    precondition(queue.count == count * width && count > 0, "\(queue.count) numbers are no keys of \(width)")
    precondition(keys.count == queries.count, "\(keys.count) numbers for the keys of \(queries.count)")
    let scaled = PackedTensor(layout: layout, channels: width, elements: queries.elements.map { $0 / temperature })
    let others = RowProducts.multiply(scaled, by: queue, outputs: count)
    let logits = PackedTensor(layout: layout, channels: 1 + count)
    for row in 0..<layout.timesteps {
      let (q, k, to) = (scaled.row(row), keys.row(row), logits.row(row))
      var product = 0.0
      for c in 0..<width { product += Double(q[c]) * Double(k[c]) }
      to[0] = Float(product)
      (to + 1).update(from: others.row(row), count: count)
    }
    let sums = Losses.crossEntropy(logits, targets: [Int32](repeating: 0, count: layout.timesteps))
    guard withGradient else { return (sums, nil) }
    for row in 0..<layout.timesteps {
      let (from, to) = (logits.row(row), others.row(row))
      for j in 0..<count { to[j] = from[1 + j] / temperature }
    }
    var transposed = [Float](repeating: 0, count: queue.count)
    for j in 0..<count { for c in 0..<width { transposed[c * count + j] = queue[j * width + c] } }
    let gradient = RowProducts.multiply(others, by: transposed, outputs: width)
    for row in 0..<layout.timesteps {
      let own = logits.row(row)[0] / temperature
      let (g, k) = (gradient.row(row), keys.row(row))
      for c in 0..<width { g[c] += own * k[c] }
    }
    return (sums, gradient)
  }
}
