import CKernels
import PackedTensors

/// bfloat16 as the kernels promise it, one number at a time and written down a second time.
enum Bfloat16 {
  /// The nearest number of 8 significant bits, ties to even; denormal numbers give zeros of their sign.
  static func rounded(_ x: Float) -> Float {
    if !x.isFinite || x == 0 { return x }
    if x.magnitude < .leastNormalMagnitude { return x.sign == .minus ? -0.0 : 0 }
    let unit = Float(sign: .plus, exponent: x.exponent - 7, significand: 1)
    // For the smallest exponents the unit is denormal, and exact: so is the quotient, of 128 to 256.
    return (x / unit).rounded(.toNearestOrEven) * unit
  }

  /// `sum + x1·y1`, then `+ x0·y0`, each rounded once; denormal numbers that go in are zeros, and what is denormal after
  /// rounding to 24 bits at any exponent is a zero of its sign.
  static func dot(_ sum: Float, _ x0: Float, _ x1: Float, _ y0: Float, _ y1: Float) -> Float {
    step(step(sum, x1, y1), x0, y0)
  }

  private static func step(_ sum: Float, _ x: Float, _ y: Float) -> Float {
    // Exact, or so near the larger term, a float, that both round to it.
    let exact = Double(flushed(sum)) + Double(flushed(x)) * Double(flushed(y))
    let raised = Float(exact * 0x1p100)
    if raised.magnitude < 0x1p-26 { return exact.sign == .minus ? -0.0 : 0 }
    return Float(exact)
  }

  private static func flushed(_ x: Float) -> Float {
    x.magnitude < .leastNormalMagnitude ? (x.sign == .minus ? -0.0 : 0) : x
  }

  /// As `KernelOrder.convolve`: pairs of neighbouring channels, an odd last one with a zero.
  static func convolve(_ g: ck_convolution, _ x: [Float], length: Int, weight: [Float], start: [Float]) -> [Float] {
    let (x, weight) = (x.map(rounded), weight.map(rounded))
    var y = start
    for t in 0..<(g.out == 0 ? 0 : start.count / g.out) {
      for k in 0..<g.taps {
        let u = t * g.stride - g.left + k * g.dilation
        if u < 0 || u >= length { continue }
        for o in 0..<g.out {
          func factor(_ i: Int) -> (Float, Float) {
            i < g.in ? (x[u * g.in + i], weight[(o * g.in + i) * g.taps + k]) : (0, 0)
          }
          for i in stride(from: 0, to: g.in, by: 2) {
            let (low, high) = (factor(i), factor(i + 1))
            y[t * g.out + o] = dot(y[t * g.out + o], low.0, high.0, low.1, high.1)
          }
        }
      }
    }
    return y
  }

  /// As `KernelOrder.weightGradient`: of the rows of a leaf in which the tap lies inside the sequence, each of the first
  /// half with the one half of them later, then an odd last one with a zero.
  static func weightGradient(_ g: ck_convolution, _ x: [Float], length: Int, _ dy: [Float]) -> [Float] {
    let (x, dy) = (x.map(rounded), dy.map(rounded))
    var dw = [Float](repeating: 0, count: g.out * g.in * g.taps)
    let rows = dy.count / g.out
    for first in stride(from: 0, to: rows, by: Int(CK_LEAF)) {
      for k in 0..<g.taps {
        let inside = (first..<min(first + Int(CK_LEAF), rows)).filter {
          (0..<length).contains($0 * g.stride - g.left + k * g.dilation)
        }
        let half = inside.count / 2
        for o in 0..<g.out {
          for i in 0..<g.in {
            func factor(_ t: Int) -> (Float, Float) {
              (x[(t * g.stride - g.left + k * g.dilation) * g.in + i], dy[t * g.out + o])
            }
            var sum: Float = 0
            for n in 0..<half {
              let (low, high) = (factor(inside[n]), factor(inside[n + half]))
              sum = dot(sum, low.0, high.0, low.1, high.1)
            }
            if inside.count % 2 == 1 {
              let last = factor(inside.last!)
              sum = dot(sum, last.0, 0, last.1, 0)
            }
            let at = (o * g.in + i) * g.taps + k
            dw[at] = flushed(flushed(dw[at]) + flushed(sum))
          }
        }
      }
    }
    return dw
  }
}
