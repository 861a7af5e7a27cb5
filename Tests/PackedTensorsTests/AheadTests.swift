import CKernels
import TestSupport
import Testing

/// What a kernel is told to fetch for the next leaf: it changes no bit, and is counted off place by place, to its end and not beyond
/// where the tiles have a step for each line.
@Suite struct AheadTests {
  private static let lines = [80, 1, 0, 30]

  /// How a convolution is computed.
  enum Way: CaseIterable { case direct, interpolated, bfloat16 }

  @Test(arguments: [16, 32, 48, 64, 80], [1, 5])
  func convolutionsFetchItAndComputeTheSame(channels: Int, taps: Int) {
    for way in [Way.direct, .bfloat16] { check(way, channels: channels, taps: taps) }
  }

  @Test(arguments: [32, 48, 64, 80]) func threeTapsByInterpolationToo(channels: Int) {
    for way in Way.allCases { check(way, channels: channels, taps: 3) }
  }

  /// A leaf at both edges of its sequence, whose taps lie apart.
  @Test(arguments: [32, 80]) func edgesToo(channels: Int) {
    for way in [Way.direct, .bfloat16] { check(way, channels: channels, taps: 5, dilation: 8, left: 16) }
    check(.interpolated, channels: channels, taps: 3, left: 1)
  }

  private func check(_ way: Way, channels: Int, taps: Int, dilation: Int = 1, left: Int = 0) {
    let rows = Int(CK_LEAF)
    let length = rows + (taps - 1) * dilation - 2 * left
    var numbers = Numbers(seed: UInt64(100 * channels + taps))
    let x = Guarded.input(numbers.floats(length * channels))
    let weight = numbers.floats(channels * channels * taps)
    let dy = Guarded.input(numbers.floats(rows * channels))
    var parameters = ck_convolution(
      in: channels, out: channels, taps: taps, stride: 1, dilation: dilation, left: left, ahead: nil)
    let panels = (channels + Int(CK_PANEL) - 1) / Int(CK_PANEL)
    let points = way == .interpolated ? Int(CK_TOOM_POINTS) * channels * panels * Int(CK_PANEL) : 0
    let packed = KernelOrder.pack(weight, parameters) + [Float](repeating: 0, count: points)
    let room = max(ck_toom_scratch(channels, channels), 2 * (length + rows) * channels) + Int(CK_SLACK)
    let fetched = [UInt8](repeating: 0, count: 64 * (Self.lines.max() ?? 0))
    for kernels in KernelSets.all {
      let name = "\(way), \(channels) channels, \(taps) taps on \(String(cString: kernels.name))"
      var weights = packed
      if way == .interpolated { kernels.toom_cook_weights(&weights, panels, channels) }
      var pairs = [UInt32](repeating: 0, count: packed.count)
      kernels.bfloat16_weights(packed, panels, taps, channels, &pairs)
      var words = [UInt32](repeating: 0, count: room)
      kernels.bfloat16_rows(x, length, channels, &words)
      var (scratch, scratchWords) = ([Float](repeating: 0, count: room), [UInt32](repeating: 0, count: room))

      func convolve(_ y: UnsafeMutablePointer<Float>) {
        switch way {
        case .direct: kernels.convolve(&parameters, x, 0, length, weights, nil, 0, y, channels, 0, rows)
        case .interpolated:
          kernels.toom_cook_convolve(&parameters, x, 0, length, weights, nil, 0, y, channels, 0, rows, &scratch)
        case .bfloat16: kernels.bfloat16_convolve(&parameters, words, 0, length, pairs, nil, 0, y, channels, 0, rows)
        }
      }
      func weightGradient(_ dw: UnsafeMutablePointer<Float>) {
        switch way {
        case .direct: kernels.weight_gradient(&parameters, x, 0, length, dy, dw, 0, rows)
        case .interpolated:
          kernels.toom_cook_weight_gradient(&parameters, x, 0, length, dy, dw, 0, rows, &scratch)
        case .bfloat16:
          kernels.bfloat16_weight_gradient(&parameters, x, 0, length, dy, &scratchWords, dw, 0, rows)
        }
      }
      /// The output and the weight's gradient, one behind the other.
      func results(_ ahead: UnsafeMutablePointer<ck_ahead>?) -> [Float] {
        var (y, dw) = (Guarded([Float](repeating: 0, count: rows * channels)), Guarded(packed.map { _ in 0 }))
        parameters.ahead = ahead
        y.write(convolve)
        if let ahead { check(ahead, fetched, name, mustFetchAll: channels > 16) }
        dw.write(weightGradient)
        if let ahead { check(ahead, fetched, name, mustFetchAll: channels > 16) }
        parameters.ahead = nil
        return y.values(name) + dw.values(name)
      }
      let alone = results(nil)
      var ahead = ck_ahead()
      fill(&ahead, from: fetched)
      report(Compare.bits(name + ", with something ahead", results(&ahead), alone))
    }
  }

  /// Expects that all was fetched, or at least the first of it where not all must be; and fills it again.
  private func check(
    _ ahead: UnsafeMutablePointer<ck_ahead>, _ bytes: [UInt8], _ name: String, mustFetchAll: Bool,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let (at, lines) = (ahead.pointee.at, ahead.pointee.lines)
    let left = [lines.0, lines.1, lines.2, lines.3]
    let moved = bytes.withUnsafeBytes { bytes in
      [at.0, at.1, at.2, at.3].map { ($0! - bytes.baseAddress!) / 64 }
    }
    #expect(zip(left, moved).map(+) == Self.lines, "\(name): lines are counted", sourceLocation: sourceLocation)
    #expect(left.allSatisfy { $0 >= 0 }, "\(name): left are \(left)", sourceLocation: sourceLocation)
    let begun = left.indices.filter { moved[$0] > 0 }.max() ?? 0
    #expect(moved[0] > 0, "\(name): nothing was fetched", sourceLocation: sourceLocation)
    #expect(left[..<begun].allSatisfy { $0 == 0 }, "\(name): left are \(left)", sourceLocation: sourceLocation)
    #expect(!mustFetchAll || left.allSatisfy { $0 == 0 }, "\(name): left are \(left)", sourceLocation: sourceLocation)
    fill(ahead, from: bytes)
  }

  private func fill(_ ahead: UnsafeMutablePointer<ck_ahead>, from bytes: [UInt8]) {
    let place = bytes.withUnsafeBytes { $0.baseAddress }
    ahead.pointee.at = (place, place, place, place)
    ahead.pointee.lines = (Self.lines[0], Self.lines[1], Self.lines[2], Self.lines[3])
  }
}
