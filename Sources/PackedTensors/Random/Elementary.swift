/// Elementary functions in Double made of additions, multiplications, divisions and square roots alone, so that they
/// give the same bits on every processor, which the C library's do not. Relative errors are below 1e-14 in the ranges
/// used. The kernels `add_normals` and `log_magnitudes` repeat `log` and `cosineAndSine` operation by operation.
public enum Elementary {
  static let ln2 = 0.693147180559945309417232
  /// π.
  public static let pi = 3.14159265358979323846264

  /// eˣ by `x = n·ln 2 + r`, |r| ≤ ln 2 / 2, and Taylor's series to degree 14.
  public static func exp(_ x: Double) -> Double {
    if x > 709 { return .infinity }
    if x < -708 { return 0 }
    if x.isNaN { return x }
    let n = (x / ln2).rounded()
    let r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10
    var sum = 1.0
    for k in stride(from: 14, through: 1, by: -1) { sum = 1 + r / Double(k) * sum }
    return sum * Double(sign: .plus, exponent: Int(n), significand: 1)
  }

  /// Natural logarithm of a positive number, by the artanh series of `(m − 1)/(m + 1)`, `m` in [√½, √2).
  public static func log(_ x: Double) -> Double {
    precondition(x > 0, "the logarithm of \(x)")
    var m = x.significand
    var e = Double(x.exponent)
    if m > 1.41421356237309505 { m /= 2; e += 1 }
    let f = (m - 1) / (m + 1)
    let s = f * f
    var p = 1.0 / 27
    for k in stride(from: 25, through: 1, by: -2) { p = p * s + 1 / Double(k) }
    return e * ln2 + 2 * f * p
  }

  /// cos and sin of `2π·turns`, exact symmetry in octants, Taylor's series within.
  public static func cosineAndSine(turns: Double) -> (cosine: Double, sine: Double) {
    let reduced = turns - turns.rounded(.down)
    let eighths = (reduced * 4).rounded()
    let angle = (reduced - eighths / 4) * 2 * pi  // within ±π/4
    let s = angle * angle
    var (c, d) = (1.0, 1.0)
    for k in stride(from: 18, through: 2, by: -2) { c = 1 - s / Double(k * (k - 1)) * c }
    for k in stride(from: 19, through: 3, by: -2) { d = 1 - s / Double(k * (k - 1)) * d }
    d *= angle
    switch Int(eighths) % 4 {
    case 0: return (c, d)
    case 1: return (-d, c)
    case 2: return (-c, -d)
    default: return (d, -c)
    }
  }

  /// `base` to a whole power, by repeated squaring.
  public static func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, square, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}
