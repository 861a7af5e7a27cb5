import CKernels
import TestSupport
import Testing

/// What a kernel is told to fetch for the next leaf: it changes no bit, and is counted down to its end and not beyond, or, where the
/// tiles are too few for it, not at all.
@Suite struct AheadTests {
  private static let lines = [256, 1, 0, 100]

  @Test(arguments: [16, 32, 48, 64, 80], [1, 5])
  func convolutionsFetchAllOfItOrNothingAndComputeTheSame(channels: Int, taps: Int) {
    let rows = Int(CK_LEAF)
    let length = rows + taps - 1
    var numbers = Numbers(seed: UInt64(100 * channels + taps))
    let x = Guarded.input(numbers.floats(length * channels))
    let weight = numbers.floats(channels * channels * taps)
    let dy = Guarded.input(numbers.floats(rows * channels))
    var parameters = ck_convolution(
      in: channels, out: channels, taps: taps, stride: 1, dilation: 1, left: 0, ahead: nil)
    let packed = KernelOrder.pack(weight, parameters)
    let fetched = [UInt8](repeating: 0, count: 64 * (Self.lines.max() ?? 0))
    for kernels in KernelSets.all {
      let name = "\(channels) channels, \(taps) taps on \(String(cString: kernels.name))"
      /// The output and the weight's gradient, one behind the other.
      func results(_ ahead: UnsafeMutablePointer<ck_ahead>?) -> [Float] {
        var (y, dw) = (Guarded([Float](repeating: 0, count: rows * channels)), Guarded(packed.map { _ in 0 }))
        let weights = Guarded.input(packed)
        parameters.ahead = ahead
        y.write { kernels.convolve(&parameters, x, 0, length, weights, nil, 0, $0, channels, 0, rows) }
        if let ahead { check(ahead, fetched, name, mustFetch: channels > 16) }
        dw.write { kernels.weight_gradient(&parameters, x, 0, length, dy, $0, 0, rows) }
        if let ahead { check(ahead, fetched, name, mustFetch: channels >= 64 && taps > 1) }
        parameters.ahead = nil
        return y.values(name) + dw.values(name)
      }
      let alone = results(nil)
      var ahead = ck_ahead()
      fill(&ahead, from: fetched)
      report(Compare.bits(name + ", with something ahead", results(&ahead), alone))
    }
  }

  /// Expects that all was fetched or, unless it must be, nothing; and fills it again.
  private func check(
    _ ahead: UnsafeMutablePointer<ck_ahead>, _ bytes: [UInt8], _ name: String, mustFetch: Bool,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let (at, lines) = (ahead.pointee.at, ahead.pointee.lines)
    let left = [lines.0, lines.1, lines.2, lines.3]
    let moved = bytes.withUnsafeBytes { bytes in
      [at.0, at.1, at.2, at.3].map { ($0! - bytes.baseAddress!) / 64 }
    }
    #expect(zip(left, moved).map(+) == Self.lines, "\(name): lines are counted", sourceLocation: sourceLocation)
    let all = left.allSatisfy { $0 == 0 }
    let none = left == Self.lines
    #expect(all || (none && !mustFetch), "\(name): left are \(left)", sourceLocation: sourceLocation)
    fill(ahead, from: bytes)
  }

  private func fill(_ ahead: UnsafeMutablePointer<ck_ahead>, from bytes: [UInt8]) {
    let place = bytes.withUnsafeBytes { $0.baseAddress }
    ahead.pointee.at = (place, place, place, place)
    ahead.pointee.lines = (Self.lines[0], Self.lines[1], Self.lines[2], Self.lines[3])
  }
}
