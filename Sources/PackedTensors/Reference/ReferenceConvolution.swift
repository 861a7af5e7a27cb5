/// Convolution of one sequence in Double, by its definition.
///
/// Arrays are row-major: `x [length, inputChannels]`, `y [outputLength, outputChannels]`, `weight [outputChannels,
/// inputChannels, kernel]`, `bias [outputChannels]`. A tap whose timestep lies outside the sequence is skipped.
public enum ReferenceConvolution {
  /// `y[t, o] = bias[o] + Σ_k Σ_i x[t·stride − left + k·dilation, i] · weight[o, i, k]`.
  public static func forward(
    _ g: ConvolutionGeometry, _ x: [Double], length: Int, weight: [Double], bias: [Double]?
  ) -> [Double] {
    let (inputs, outputs) = (g.inputChannels, g.outputChannels)
    var y = [Double](repeating: 0, count: g.outputLength(length) * outputs)
    for t in 0..<g.outputLength(length) {
      if let bias { for o in 0..<outputs { y[t * outputs + o] = bias[o] } }
      forEachTap(g, of: t, length: length) { k, u in
        for o in 0..<outputs {
          for i in 0..<inputs { y[t * outputs + o] += x[u * inputs + i] * weight[(o * inputs + i) * g.kernel + k] }
        }
      }
    }
    return y
  }

  /// `dx[u, i] = Σ_{t, k: t·stride − left + k·dilation = u} Σ_o dy[t, o] · weight[o, i, k]`.
  public static func inputGradient(
    _ g: ConvolutionGeometry, _ dy: [Double], length: Int, weight: [Double]
  ) -> [Double] {
    let (inputs, outputs) = (g.inputChannels, g.outputChannels)
    var dx = [Double](repeating: 0, count: length * inputs)
    for t in 0..<g.outputLength(length) {
      forEachTap(g, of: t, length: length) { k, u in
        for o in 0..<outputs {
          for i in 0..<inputs { dx[u * inputs + i] += dy[t * outputs + o] * weight[(o * inputs + i) * g.kernel + k] }
        }
      }
    }
    return dx
  }

  /// `dw[o, i, k] = Σ_t dy[t, o] · x[t·stride − left + k·dilation, i]`.
  public static func weightGradient(_ g: ConvolutionGeometry, _ x: [Double], _ dy: [Double], length: Int) -> [Double] {
    let (inputs, outputs) = (g.inputChannels, g.outputChannels)
    var dw = [Double](repeating: 0, count: outputs * inputs * g.kernel)
    for t in 0..<g.outputLength(length) {
      forEachTap(g, of: t, length: length) { k, u in
        for o in 0..<outputs {
          for i in 0..<inputs { dw[(o * inputs + i) * g.kernel + k] += dy[t * outputs + o] * x[u * inputs + i] }
        }
      }
    }
    return dw
  }

  /// `db[o] = Σ_t dy[t, o]`.
  public static func biasGradient(_ g: ConvolutionGeometry, _ dy: [Double], length: Int) -> [Double] {
    var db = [Double](repeating: 0, count: g.outputChannels)
    for t in 0..<g.outputLength(length) {
      for o in 0..<g.outputChannels { db[o] += dy[t * g.outputChannels + o] }
    }
    return db
  }

  /// Visits the taps k of output timestep `t` that lie inside the sequence, with the input timestep u of each.
  private static func forEachTap(_ g: ConvolutionGeometry, of t: Int, length: Int, _ body: (_ k: Int, _ u: Int) -> Void)
  {
    for k in 0..<g.kernel {
      let u = t * g.stride - g.left + k * g.dilation
      if u >= 0 && u < length { body(k, u) }
    }
  }
}
