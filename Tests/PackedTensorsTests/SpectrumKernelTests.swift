import CKernels
import PackedTensors
import TestSupport
import Testing

/// The kernel that makes spectra, on every instruction set, against the definition, to the bit.
@Suite struct SpectrumKernelTests {
  /// Frames, and floats from one of their timesteps to the next.
  private static let counts = [(1, 1), (3, 2), (4, 1), (8, 3), (9, 1), (21, 2)]

  @Test(arguments: [1, 2, 3, 5, 8, 30, 128]) func logMagnitudes(length: Int) {
    let turns = (0..<length).map { Elementary.cosineAndSine(turns: Double($0) / Double(length)) }
    let (cosines, sines) = (turns.map(\.cosine), turns.map(\.sine))
    let window = (0..<length).map { 0.25 + Double($0) / Double(length) }
    for (count, step) in Self.counts {
      var numbers = Numbers(seed: UInt64(1000 * length + count))
      let x = numbers.floats(count * length * step, scale: 3)
      let expected = (0..<count).flatMap { f in
        let frame = (0..<length).map { Double(x[(f * length + $0) * step]) }
        return ReferenceSpectrum.logMagnitudes(frame, window: window).map { Float($0) }
      }
      let name = "spectra (length \(length), frames \(count), step \(step))"
      let got = KernelSets.run(name) { kernels in
        var spectra = Guarded([Float](repeating: .nan, count: count * (length / 2 + 1)))
        var work = [Double](repeating: .nan, count: Int(CK_SPECTRUM_WORK) * length)
        x.withUnsafeBufferPointer { x in
          let frames = (0..<count).map { Optional(x.baseAddress! + $0 * length * step) }
          spectra.write { kernels.log_magnitudes($0, frames, count, step, length, window, cosines, sines, &work) }
        }
        return KernelSets.Result(floats: spectra.values(name))
      }
      report(Compare.bits(name, got.floats, expected))
    }
  }
}
