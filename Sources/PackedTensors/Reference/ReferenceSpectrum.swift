/// Spectra of frames, bin by bin, in Double.
public enum ReferenceSpectrum {
  /// `log(1 + |Σ_t w(t)·x(t)·e^(−2πikt/n)|)`, k = 0 ... n/2, summed in the order of t.
  public static func logMagnitudes(_ x: [Double], window: [Double]) -> [Double] {
    let n = x.count
    return (0...n / 2).map { k in
      var (real, imaginary) = (0.0, 0.0)
      for t in 0..<n {
        let turn = Elementary.cosineAndSine(turns: Double(k * t % n) / Double(n))
        real += x[t] * window[t] * turn.cosine
        imaginary -= x[t] * window[t] * turn.sine
      }
      return Elementary.log(1 + (real * real + imaginary * imaginary).squareRoot())
    }
  }
}
