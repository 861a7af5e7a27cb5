import CKernels

/// The order of operations of convolutions by interpolation, written down a second time: one number after another, a
/// channel at a time.
extension KernelOrder {
  private static let a: Float = 0.625
  private static let b: Float = 1.5
  /// The product of a point's distances from the others: 0, ±a, ±b.
  private static let norms: [Double] = {
    let (a2, b2) = (Double(a * a), Double(b * b))
    return [1 / (a2 * b2), 1 / (2 * a2 * (a2 - b2)), 1 / (2 * b2 * (b2 - a2))]
  }()

  /// The tiles of four rows among `rows`, a leaf's; the rest of the leaf goes by the definition.
  static func tiles(_ g: ck_convolution, _ rows: Range<Int>, length: Int) -> [Int] {
    let inner = max(rows.lowerBound, g.left)
    let outer = min(rows.upperBound, length - 2 + g.left)
    return Array(stride(from: inner, to: max(inner, outer - 3), by: 4))
  }

  private static func points(ofInputs r: [Float]) -> [Float] {
    func fma(_ x: Float, _ y: Float, _ z: Float) -> Float { z.addingProduct(x, y) }
    let (evenA, oddA) = (fma(-b * b, r[2], r[4]), fma(-b * b, r[1], r[3]))
    let (evenB, oddB) = (fma(-a * a, r[2], r[4]), fma(-a * a, r[1], r[3]))
    let (sum, product) = (-a * a - b * b, a * a * b * b)
    return [
      fma(product, r[0], fma(sum, r[2], r[4])), fma(a, oddA, evenA), fma(-a, oddA, evenA), fma(b, oddB, evenB),
      fma(-b, oddB, evenB), fma(product, r[1], fma(sum, r[3], r[5])),
    ]
  }

  private static func points(ofGradients r: [Float]) -> [Float] {
    func at(_ p: Float) -> Float {
      r[0].addingProduct(p * p, r[2]).addingProduct(p, r[1].addingProduct(p * p, r[3]))
    }
    return [r[0], at(a), at(-a), at(b), at(-b), r[3]]
  }

  private static func points(ofTaps w: [Float]) -> [Float] {
    let (w0, w1, w2) = (Double(w[0]), Double(w[1]), Double(w[2]))
    func at(_ p: Float, _ norm: Double) -> Float { Float(norm * (w0 + Double(p * p) * w2 + Double(p) * w1)) }
    return [
      Float(norms[0] * w0), at(a, norms[1]), at(-a, norms[1]), at(b, norms[2]), at(-b, norms[2]), w[2],
    ]
  }

  /// Rows `rows` of a convolution's output, a leaf's.
  static func interpolated(
    _ g: ck_convolution, _ x: [Float], length: Int, weight: [Float], start: [Float], bias: [Float]?, old: [Float]?,
    _ rows: Range<Int>
  ) -> [Float] {
    var y = convolve(g, x, length: length, weight: weight, start: start)
    for t in tiles(g, rows, length: length) {
      let v = (0..<g.in).map { i in points(ofInputs: (0..<6).map { x[(t - g.left + $0) * g.in + i] }) }
      for o in 0..<g.out {
        var m = [Float](repeating: 0, count: 6)
        for i in 0..<g.in {
          let w = points(ofTaps: (0..<3).map { weight[(o * g.in + i) * 3 + $0] })
          for p in 0..<6 { m[p].addProduct(v[i][p], w[p]) }
        }
        let (evenA, oddA, evenB, oddB) = (m[1] + m[2], m[1] - m[2], m[3] + m[4], m[3] - m[4])
        let four = [
          evenA + evenB + m[0], (a * oddA).addingProduct(b, oddB), (a * a * evenA).addingProduct(b * b, evenB),
          m[5].addingProduct(a * a * a, oddA).addingProduct(b * b * b, oddB),
        ]
        for (row, sum) in four.enumerated() {
          let at = (t + row) * g.out + o
          y[at] = bias.map { sum + $0[o] } ?? sum
          if let old { y[at] += old[at] }
        }
      }
    }
    return Array(y[rows.lowerBound * g.out..<rows.upperBound * g.out])
  }

  /// A weight gradient `[outputChannels, inputChannels, kernel]` of all leaves.
  static func interpolatedWeightGradient(_ g: ck_convolution, _ x: [Float], length: Int, _ dy: [Float]) -> [Float] {
    let rows = dy.count / g.out
    var dw = [Float](repeating: 0, count: g.out * g.in * 3)
    var sums = [Float](repeating: 0, count: g.out * g.in * 6)
    for first in stride(from: 0, to: rows, by: Int(CK_LEAF)) {
      let leaf = first..<min(first + Int(CK_LEAF), rows)
      let tiles = tiles(g, leaf, length: length)
      let inner = tiles.first.map { $0..<$0 + 4 * tiles.count } ?? leaf.lowerBound..<leaf.lowerBound
      // What goes by the definition: a chain before the tiles, and one behind them.
      for part in [leaf.lowerBound..<inner.lowerBound, inner.upperBound..<leaf.upperBound] where !part.isEmpty {
        var alone = [Float](repeating: 0, count: dy.count)
        alone.replaceSubrange(
          part.lowerBound * g.out..<part.upperBound * g.out,
          with: dy[part.lowerBound * g.out..<part.upperBound * g.out])
        let gradient = weightGradient(g, x, length: length, alone)
        for at in dw.indices { dw[at] += gradient[at] }
      }
      for o in 0..<g.out {
        for i in 0..<g.in {
          var chains = [Float](repeating: 0, count: 6)
          for t in tiles {
            let v = points(ofInputs: (0..<6).map { x[(t - g.left + $0) * g.in + i] })
            let u = points(ofGradients: (0..<4).map { dy[(t + $0) * g.out + o] })
            for p in 0..<6 { chains[p].addProduct(v[p], u[p]) }
          }
          for p in 0..<6 { sums[(o * g.in + i) * 6 + p] += chains[p] }
        }
      }
    }
    let (a, b) = (Double(a), Double(b))
    for at in 0..<g.out * g.in {
      let s = sums[at * 6..<at * 6 + 6].map(Double.init)
      let (evenA, oddA, evenB, oddB) = (s[1] + s[2], s[1] - s[2], s[3] + s[4], s[3] - s[4])
      dw[at * 3] += Float(norms[0] * s[0] + norms[1] * evenA + norms[2] * evenB)
      dw[at * 3 + 1] += Float(norms[1] * a * oddA + norms[2] * b * oddB)
      dw[at * 3 + 2] += Float(norms[1] * (a * a) * evenA + norms[2] * (b * b) * evenB + s[5])
    }
    return dw
  }
}
