import CKernels
import TestSupport
import Testing

/// What a kernel is told to fetch for the next leaf: it changes no bit, and is counted down to its end, not beyond.
@Suite struct AheadTests {
  private static let lines = [256, 1, 0, 100]

  @Test(arguments: [1, 3]) func convolutionsFetchAllOfItAndComputeTheSame(taps: Int) {
    let (channels, rows) = (64, Int(CK_LEAF))
    var numbers = Numbers(seed: UInt64(taps))
    let x = Guarded.input(numbers.floats((rows + taps - 1) * channels))
    let weight = numbers.floats(channels * channels * taps)
    let dy = Guarded.input(numbers.floats(rows * channels))
    var parameters = ck_convolution(
      in: channels, out: channels, taps: taps, stride: 1, dilation: 1, left: 0, ahead: nil)
    let packed = Guarded.input(KernelOrder.pack(weight, parameters))
    let fetched = [UInt8](repeating: 0, count: 64 * (Self.lines.max() ?? 0))
    for kernels in KernelSets.all {
      let name = "\(taps) taps on \(String(cString: kernels.name))"
      /// The output and the weight's gradient, one behind the other.
      func results() -> [Float] {
        var (y, dw) = (Guarded(dy.map { _ in 0 }), Guarded(packed.map { _ in 0 }))
        y.write { kernels.convolve(&parameters, x, 0, rows + taps - 1, packed, nil, 0, $0, channels, 0, rows) }
        if parameters.ahead != nil { fill(parameters.ahead, from: fetched) }
        dw.write { kernels.weight_gradient(&parameters, x, 0, rows + taps - 1, dy, $0, 0, rows) }
        return y.values(name) + dw.values(name)
      }
      let alone = results()
      var ahead = ck_ahead()
      withUnsafeMutablePointer(to: &ahead) {
        fill($0, from: fetched)
        parameters.ahead = $0
        report(Compare.bits(name + ", with something ahead", results(), alone))
        parameters.ahead = nil
      }
      #expect([ahead.lines.0, ahead.lines.1, ahead.lines.2, ahead.lines.3] == [0, 0, 0, 0], "lines left over")
      fetched.withUnsafeBytes { bytes in
        let moved = [ahead.at.0, ahead.at.1, ahead.at.2, ahead.at.3].map { $0! - bytes.baseAddress! }
        #expect(moved == Self.lines.map { 64 * $0 }, "as many lines as were named, no more")
      }
    }
  }

  private func fill(_ ahead: UnsafeMutablePointer<ck_ahead>, from bytes: [UInt8]) {
    let place = bytes.withUnsafeBytes { $0.baseAddress }
    ahead.pointee.at = (place, place, place, place)
    ahead.pointee.lines = (Self.lines[0], Self.lines[1], Self.lines[2], Self.lines[3])
  }
}
