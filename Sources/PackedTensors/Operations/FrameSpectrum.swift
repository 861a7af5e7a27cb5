internal import CKernels

/// The log-magnitude spectrum of a frame under a periodic Hann window: `log(1 + |Σ_t w(t)·x(t)·e^(−2πikt/n)|)`, k = 0
/// ... n/2.
///
/// A direct transform from one table of twiddles, in Double: frames are short, and every processor gives the same bits.
public struct FrameSpectrum: Sendable {
  private let length: Int
  private let window: [Double]
  private let cosines: [Double]
  private let sines: [Double]

  /// Numbers of a spectrum.
  public var bins: Int { length / 2 + 1 }

  /// Tables for frames of `length` timesteps.
  public init(length: Int) {
    self.length = length
    let turns = (0..<length).map { Elementary.cosineAndSine(turns: Double($0) / Double(length)) }
    cosines = turns.map(\.cosine)
    sines = turns.map(\.sine)
    window = length == 1 ? [1] : turns.map { 0.5 - 0.5 * $0.cosine }
  }

  /// Writes the spectra of frames, `[frames, bins]`. Complexity: `length²` multiply-adds a frame.
  /// - Parameters:
  ///   - frames: the first value of each.
  ///   - step: floats from one of a frame's `length` values to the next.
  public func logMagnitudes(_ frames: [UnsafePointer<Float>], step: Int, to out: UnsafeMutablePointer<Float>) {
    guard !frames.isEmpty else { return }
    withUnsafeTemporaryAllocation(of: Double.self, capacity: Int(CK_SPECTRUM_WORK) * length) { work in
      frames.map(Optional.some).withUnsafeBufferPointer {
        Kernels.active.log_magnitudes(
          out, $0.baseAddress!, frames.count, step, length, window, cosines, sines, work.baseAddress!)
      }
    }
  }
}
