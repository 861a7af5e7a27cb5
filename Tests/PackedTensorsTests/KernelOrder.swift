import CKernels

/// The order of operations that the kernels promise, in single precision and without any speed: what gives the same
/// bits is written down here a second time.
enum KernelOrder {
  /// A convolution's output: a chain of fused multiply-adds from `start`, taps ascending, then input channels
  /// ascending.
  /// - Parameters:
  ///   - weight: `[outputChannels, inputChannels, kernel]`.
  ///   - start: `[rows, outputChannels]`.
  static func convolve(_ g: ck_convolution, _ x: [Float], length: Int, weight: [Float], start: [Float]) -> [Float] {
    var y = start
    for t in 0..<(g.out == 0 ? 0 : start.count / g.out) {
      for k in 0..<g.taps {
        let u = t * g.stride - g.left + k * g.dilation
        if u < 0 || u >= length { continue }
        for o in 0..<g.out {
          var sum = y[t * g.out + o]
          for i in 0..<g.in { sum.addProduct(x[u * g.in + i], weight[(o * g.in + i) * g.taps + k]) }
          y[t * g.out + o] = sum
        }
      }
    }
    return y
  }

  /// A weight gradient `[outputChannels, inputChannels, kernel]`: in each leaf a chain from +0 in timestep order, then
  /// one addition.
  static func weightGradient(_ g: ck_convolution, _ x: [Float], length: Int, _ dy: [Float]) -> [Float] {
    var dw = [Float](repeating: 0, count: g.out * g.in * g.taps)
    let rows = dy.count / g.out
    for first in stride(from: 0, to: rows, by: Int(CK_LEAF)) {
      for k in 0..<g.taps {
        for o in 0..<g.out {
          for i in 0..<g.in {
            var sum: Float = 0
            for t in first..<min(first + Int(CK_LEAF), rows) {
              let u = t * g.stride - g.left + k * g.dilation
              if u >= 0 && u < length { sum.addProduct(x[u * g.in + i], dy[t * g.out + o]) }
            }
            dw[(o * g.in + i) * g.taps + k] += sum
          }
        }
      }
    }
    return dw
  }

  /// Sums over rows for each channel: in each leaf a chain from +0, `next` from one row to the next, then one addition
  /// in Double.
  static func leafSums(
    rows: Int, channels: Int, _ next: (_ sum: Float, _ row: Int, _ channel: Int) -> Float
  ) -> [Double] {
    var sums = [Double](repeating: 0, count: channels)
    for first in stride(from: 0, to: rows, by: Int(CK_LEAF)) {
      for c in 0..<channels {
        var sum: Float = 0
        for t in first..<min(first + Int(CK_LEAF), rows) { sum = next(sum, t, c) }
        sums[c] += Double(sum)
      }
    }
    return sums
  }

  /// Weights `[outputChannels, inputChannels, kernel]` in panels of 16 output channels, `[panel][tap ·
  /// inputChannels][16]`.
  static func pack(_ weight: [Float], _ g: ck_convolution) -> [Float] {
    let panel = Int(CK_PANEL)
    var packed = [Float](repeating: 0, count: (g.out + panel - 1) / panel * g.taps * g.in * panel)
    for o in 0..<g.out {
      for i in 0..<g.in { for k in 0..<g.taps { packed[place(o, i, k, g)] = weight[(o * g.in + i) * g.taps + k] } }
    }
    return packed
  }

  /// The inverse of ``pack(_:_:)``.
  static func unpack(_ packed: [Float], _ g: ck_convolution) -> [Float] {
    var weight: [Float] = []
    for o in 0..<g.out { for i in 0..<g.in { for k in 0..<g.taps { weight.append(packed[place(o, i, k, g)]) } } }
    return weight
  }

  private static func place(_ o: Int, _ i: Int, _ k: Int, _ g: ck_convolution) -> Int {
    let panel = Int(CK_PANEL)
    return ((o / panel * g.taps + k) * g.in + i) * panel + o % panel
  }
}
