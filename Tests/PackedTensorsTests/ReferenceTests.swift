import PackedTensors
import TestSupport
import Testing

/// The specification itself: known values, and gradients against finite differences.
@Suite struct ReferenceTests {
  /// The gradient of `Σ weights·f(x)` with respect to `x` by central differences.
  private func differences(_ x: [Double], _ weights: [Double], _ f: ([Double]) -> [Double]) -> [Double] {
    x.indices.map { at in
      var (above, below) = (x, x)
      above[at] += 1e-5
      below[at] -= 1e-5
      return (dot(weights, f(above)) - dot(weights, f(below))) / (above[at] - below[at])
    }
  }
  private func check(
    _ name: String, _ gradient: [Double], _ x: [Double], _ weights: [Double], _ f: ([Double]) -> [Double]
  ) {
    report(Compare.close("gradient of \(name)", gradient, differences(x, weights, f), tolerance: 1e-7))
  }

  @Test func convolution() {
    for (kernel, stride, dilation, causal) in [(3, 1, 1, false), (3, 2, 2, true), (2, 3, 1, false), (5, 2, 4, false)] {
      let g = ConvolutionGeometry(
        inputChannels: 2, outputChannels: 3, kernel: kernel, stride: stride, dilation: dilation, causal: causal)
      for length in [1, 4, 11] {
        var numbers = Numbers(seed: UInt64(100 * kernel + length))
        let (x, w, b) = (numbers.doubles(length * 2), numbers.doubles(6 * kernel), numbers.doubles(3))
        let y = numbers.doubles(g.outputLength(length) * 3)
        let name = "convolution \(g), length \(length)"
        check(name + ", input", ReferenceConvolution.inputGradient(g, y, length: length, weight: w), x, y) {
          ReferenceConvolution.forward(g, $0, length: length, weight: w, bias: b)
        }
        check(name + ", weight", ReferenceConvolution.weightGradient(g, x, y, length: length), w, y) {
          ReferenceConvolution.forward(g, x, length: length, weight: $0, bias: b)
        }
        check(name + ", bias", ReferenceConvolution.biasGradient(g, y, length: length), b, y) {
          ReferenceConvolution.forward(g, x, length: length, weight: w, bias: $0)
        }
      }
    }
  }

  @Test(arguments: RecurrentCell.allCases, [false, true]) func recurrence(cell: RecurrentCell, isReversed: Bool) {
    let recurrence = Recurrence(cell, width: 3, isReversed: isReversed)
    for length in [1, 2, 9] {
      var numbers = Numbers(seed: UInt64(length))
      let columns = recurrence.columns
      let (x, w, b) = (numbers.doubles(length * columns), numbers.doubles(columns * 3), numbers.doubles(columns))
      let y = numbers.doubles(length * 3)
      func forward(_ x: [Double], _ w: [Double], _ b: [Double]) -> [Double] {
        ReferenceRecurrence(recurrence, weight: w, bias: b).forward(x, length: length)
      }
      let gradient = ReferenceRecurrence(recurrence, weight: w, bias: b).backward(x, gradient: y, length: length)
      let name = "\(cell), length \(length), reversed \(isReversed)"
      check(name + ", input", gradient.projected, x, y) { forward($0, w, b) }
      check(name + ", weight", gradient.weight, w, y) { forward(x, $0, b) }
      check(name + ", bias", gradient.bias, b, y) { forward(x, w, $0) }
    }
  }

  @Test func normalisation() {
    var numbers = Numbers(seed: 2)
    let (x, g, gain, bias) = (numbers.doubles(7 * 3), numbers.doubles(7 * 3), numbers.doubles(3), numbers.doubles(3))
    let gradient = ReferenceNormalisation.backward(x, g, gain: gain, epsilon: 1e-5)
    check("normalisation, input", gradient.x, x, g) {
      ReferenceNormalisation.forward($0, gain: gain, bias: bias, epsilon: 1e-5)
    }
    check("normalisation, gain", gradient.gain, gain, g) {
      ReferenceNormalisation.forward(x, gain: $0, bias: bias, epsilon: 1e-5)
    }
    check("normalisation, bias", gradient.bias, bias, g) {
      ReferenceNormalisation.forward(x, gain: gain, bias: $0, epsilon: 1e-5)
    }
  }

  @Test(arguments: Activation.allCases) func activationsAndResidual(activation: Activation) {
    var numbers = Numbers(seed: 3)
    let (x, g) = (numbers.doubles(40).map { 4 * $0 }, numbers.doubles(40))
    check("\(activation)", zip(g, x).map { $0 * ReferenceActivation.derivative(activation, $1) }, x, g) {
      $0.map { ReferenceActivation.value(activation, $0) }
    }
    let (skip, scale, shift) = (numbers.doubles(40), numbers.doubles(4), numbers.doubles(4))
    func sum(_ skip: [Double]) -> [Double] {
      ReferenceResidual.sum(x, scale: scale, shift: shift, skip: skip, skipScale: nil, skipShift: nil)
    }
    check("residual", ReferenceResidual.backward(activation, sum: sum(skip), gradient: g), skip, g) {
      ReferenceResidual.forward(activation, sum: sum($0))
    }
  }

  @Test(arguments: Pooling.allCases) func pooling(pooling: Pooling) {
    var numbers = Numbers(seed: 4)
    let (x, g) = (numbers.doubles(5 * 3), numbers.doubles(3))
    check("\(pooling)", ReferencePooling.backward(pooling, x, gradient: g), x, g) {
      ReferencePooling.forward(pooling, $0, channels: 3)
    }
  }

  @Test func embedding() {
    var numbers = Numbers(seed: 5)
    let (x, table, g) = (numbers.integers(6 * 2, below: 4), numbers.doubles(2 * 4 * 3), numbers.doubles(6 * 3))
    let gradient = ReferenceEmbedding.backward(x, features: 2, gradient: g, categories: 4, width: 3)
    check("embedding", gradient, table, g) {
      ReferenceEmbedding.forward(x, features: 2, table: $0, categories: 4, width: 3)
    }
  }

  @Test(arguments: [0, 0.1]) func losses(smoothing: Double) {
    var numbers = Numbers(seed: 6)
    let z = numbers.doubles(5).map { 3 * $0 }
    check("cross-entropy", ReferenceLosses.crossEntropyGradient(z, target: 2, smoothing: smoothing), z, [1]) {
      [ReferenceLosses.crossEntropy($0, target: 2, smoothing: smoothing)]
    }
    for target in [-2.0, 0, 0.3] {
      check("Huber", [ReferenceLosses.huberGradient(0.4, target, delta: 0.5)], [0.4], [1]) {
        [ReferenceLosses.huber($0[0], target, delta: 0.5)]
      }
    }
    report(Compare.close("softmax's sum", [ReferenceLosses.softmax(z).reduce(0, +)], [1], tolerance: 1e-14))
  }

  /// Values of Abramowitz and Stegun's tables and of the definition, to 15 digits.
  @Test func theErrorFunction() {
    let known: [(Double, Double, Double)] = [
      (0, 0, 1), (0.5, 0.520499877813046538, 0.479500122186953462), (1, 0.842700792949714869, 0.157299207050285131),
      (2, 0.995322265018952734, 4.67773498104726584e-3), (3, 0.999977909503001415, 2.20904969985854414e-5),
      (5, 0.999999999998462540, 1.53745979442803485e-12), (10, 1, 2.08848758376254475e-45),
    ]
    for (x, error, complement) in known {
      report(Compare.close("erf(\(x))", [ReferenceActivation.error(x)], [error], tolerance: 1e-14))
      report(Compare.close("erf(−\(x))", [ReferenceActivation.error(-x)], [-error], tolerance: 1e-14))
      report(
        Compare.close(
          "erfc(\(x))", [ReferenceActivation.complementaryError(x)], [complement], tolerance: 1e-12 * complement))
    }
    report(Compare.close("Φ(0)", [ReferenceActivation.normalDistribution(0)], [0.5], tolerance: 0))
  }
}
