import PackedTensors

/// The log-magnitude spectrum of a frame under a periodic Hann window: `log(1 + |Σ_t w(t)·x(t)·e^(−2πikt/n)|)`, k = 0
/// ... n/2.
///
/// A direct transform from one table of twiddles, in Double: frames are short, and every processor gives the same bits.
struct FrameSpectrum: Sendable {
  private let length: Int
  private let window: [Double]
  private let cosines: [Double]
  private let sines: [Double]

  /// Tables for frames of `length` timesteps.
  init(length: Int) {
    self.length = length
    let turns = (0..<length).map { Elementary.cosineAndSine(turns: Double($0) / Double(length)) }
    cosines = turns.map(\.cosine)
    sines = turns.map(\.sine)
    window = length == 1 ? [1] : turns.map { 0.5 - 0.5 * $0.cosine }
  }

  /// The spectrum of `length` values that lie `step` floats apart. Complexity: `length²` multiply-adds.
  func logMagnitudes(_ x: UnsafePointer<Float>, step: Int) -> [Float] {
    let windowed = (0..<length).map { Double(x[$0 * step]) * window[$0] }
    return (0...length / 2).map { k in
      var (real, imaginary, angle) = (0.0, 0.0, 0)
      for t in 0..<length {
        real += windowed[t] * cosines[angle]
        imaginary -= windowed[t] * sines[angle]
        angle += k
        if angle >= length { angle -= length }
      }
      return Float(Elementary.log(1 + (real * real + imaginary * imaginary).squareRoot()))
    }
  }
}
