import CKernels
import PackedTensors
import TestSupport
import Testing

/// NaN, infinities, negative zero and denormal numbers on every instruction set.
@Suite struct SpecialValueTests {
  private static let codes = [
    (CK_IDENTITY, "identity"), (CK_RELU, "relu"), (CK_GELU, "gelu"), (CK_LEAKY_RELU, "leaky relu"),
  ]

  private static func activate(_ x: [Float], scale: Float = 1, shift: Float = -0.0, _ code: ck_activation) -> [Float] {
    KernelSets.run("affine_activation of \(x)") { kernels in
      var y = Guarded(x)
      let (scales, shifts) = ([Float](repeating: scale, count: x.count), [Float](repeating: shift, count: x.count))
      y.write {
        kernels.affine_activation(Guarded.input(x), Guarded.input(scales), Guarded.input(shifts), code, 1, x.count, $0)
      }
      return .init(floats: y.values("affine_activation"))
    }.floats
  }

  @Test func activationsOfSpecialValues() {
    let inf = Float.infinity
    for channels in [1, 4, 7, 8, 16, 17] {
      for (code, name) in Self.codes {
        // In every place of a vector the NaN comes through, alone.
        for place in 0..<channels {
          var x = [Float](repeating: 0.5, count: channels)
          x[place] = .nan
          let y = Self.activate(x, code)
          for c in 0..<channels {
            #expect(y[c].isNaN == (c == place), "\(name) with NaN at \(place) of \(channels), at \(c)")
          }
        }
      }
      func all(_ value: Float) -> [Float] { [Float](repeating: value, count: channels) }
      for (code, name) in Self.codes {
        report(Compare.bits("\(name) of −0", Self.activate(all(-0.0), code), all(-0.0)))
        report(Compare.bits("\(name) of 0", Self.activate(all(0), shift: 0, code), all(0)))
        report(Compare.bits("\(name) of ∞", Self.activate(all(inf), code), all(inf)))
      }
      report(Compare.bits("relu of −∞", Self.activate(all(-inf), CK_RELU), all(0)))
      let small = Float.leastNonzeroMagnitude
      report(Compare.bits("identity of a denormal", Self.activate(all(3 * small), CK_IDENTITY), all(3 * small)))
      report(Compare.bits("a denormal product", Self.activate(all(1e-20), scale: 1e-20, CK_RELU), all(1e-20 * 1e-20)))
      #expect(Float(1e-20) * 1e-20 > 0, "the test itself runs with denormals flushed to zero")
    }
  }

  /// What a convolution goes on from keeps the sign of −0 where products are −0: 0 + −0 would lose it.
  @Test(arguments: [1, 16, 17, 64, 100])
  func aConvolutionGoesOnFromNegativeZeros(channels: Int) {
    let rows = 30
    var parameters = ck_convolution()
    (parameters.in, parameters.out, parameters.taps, parameters.stride, parameters.dilation) = (3, channels, 1, 1, 1)
    let packed = KernelOrder.pack([Float](repeating: -1, count: 3 * channels), parameters)
    let old = [Float](repeating: -0.0, count: rows * channels)
    let got = KernelSets.run("convolve from −0 to \(channels) channels") { kernels in
      var y = Guarded(old)
      let x = Guarded([Float](repeating: 0, count: 3 * rows))
      x.read { x in
        y.write {
          kernels.convolve(&parameters, x, 0, rows, packed, nil, Int32(CK_ADD.rawValue), $0, channels, 0, rows)
        }
      }
      return .init(floats: y.values("convolve"))
    }
    report(Compare.bits("a convolution from −0", got.floats, old))
  }

  @Test func aGradientThroughReLUAtSpecialValues() {
    // Derivative 0 at 0, −0 and below; a NaN gradient comes through where the derivative is 1.
    let x: [Float] = [0, -0.0, -1, 1, .leastNonzeroMagnitude, 1, -.infinity, .infinity]
    let g: [Float] = [2, 2, 2, 2, 2, .nan, 2, 2]
    let got = KernelSets.run("activation_gradient of relu") { kernels in
      var out = Guarded(g)
      var sums = [Double](repeating: 0, count: 2 * g.count)
      let (ones, zeros) = (
        Guarded.input([Float](repeating: 1, count: g.count)), Guarded.input([Float](repeating: 0, count: g.count))
      )
      out.write {
        kernels.activation_gradient($0, Guarded.input(x), ones, zeros, CK_RELU, ones, zeros, 1, g.count, &sums)
      }
      return .init(floats: out.values("activation_gradient"), doubles: sums)
    }
    report(Compare.bits("activation_gradient of relu", got.floats, [0, 0, 0, 2, 2, .nan, 0, 2]))
    #expect(got.doubles[5].isNaN, "the sum of a NaN gradient is \(got.doubles[5])")
  }

  @Test(arguments: [1, 16, 17, 41, 64, 100]) func aNaNReachesEveryOutputThatReadsItAndNoOther(channels: Int) {
    let parameters = ck_convolution(in: 3, out: channels, taps: 3, stride: 2, dilation: 2, left: 2, ahead: nil)
    let (length, rows) = (41, 21)
    var numbers = Numbers(seed: 1)
    let weight = numbers.floats(channels * 9)
    for place in [0, 16, 17, 40] {  // no row reads an odd timestep, three rows an even one, two rows the first and last
      var x = numbers.floats(length * 3)
      x[place * 3 + 1] = .nan
      let got = KernelSets.run("convolve with a NaN at \(place)") { kernels in
        var y = Guarded([Float](repeating: 0, count: rows * channels))
        var parameters = parameters
        y.write {
          kernels.convolve(
            &parameters, Guarded.input(x), 0, length, KernelOrder.pack(weight, parameters), nil, 0, $0, channels, 0,
            rows)
        }
        return .init(floats: y.values("convolve"))
      }
      for t in 0..<rows {
        let reads = (0..<3).contains { t * 2 - 2 + $0 * 2 == place }
        for o in 0..<channels {
          #expect(got.floats[t * channels + o].isNaN == reads, "NaN at \(place): row \(t), channel \(o) of \(channels)")
        }
      }
    }
  }

  @Test(arguments: [1, 3, 8, 17]) func aNaNReachesTheLosses(classes: Int) {
    for place in 0..<classes {
      for (target, smoothing) in (0..<classes).flatMap({ target in [Float(0), 0.1].map { (target, $0) } }) {
        var z = [Float](repeating: 0.25, count: classes)
        z[place] = .nan
        let name = "cross_entropy with a NaN at \(place) of \(classes), target \(target), smoothing \(smoothing)"
        let got = KernelSets.run(name) { kernels in
          var logits = Guarded(z)
          var (loss, correct) = ([0.0], [UInt8(0)])
          logits.write { kernels.cross_entropy($0, [Int32(target)], nil, smoothing, 1, classes, &loss, &correct) }
          return .init(floats: logits.values(name), doubles: loss)
        }
        #expect(got.doubles[0].isNaN, "\(name): loss \(got.doubles[0])")
        #expect(!got.floats.contains { !$0.isNaN }, "\(name): gradient \(got.floats)")
      }
    }
    let huber = KernelSets.run("huber of a NaN") { kernels in
      var (prediction, loss) = (Guarded([.nan, 1, .nan]), [0.0])
      prediction.write { kernels.huber($0, [0, 1, 0], [1, 1, 0], 0.5, 1, 3, &loss) }
      return .init(floats: prediction.values("huber"), doubles: loss)
    }
    report(Compare.bits("huber of a NaN, of no error, of a NaN without weight", huber.floats, [.nan, 0, 0]))
    #expect(huber.doubles[0].isNaN, "Huber's loss of a NaN is \(huber.doubles[0])")
  }

  /// The largest logit is subtracted first, wherever it stands: nothing overflows.
  @Test(arguments: [1, 3, 8, 17]) func logitsOfAnySize(classes: Int) {
    for place in 0..<classes {
      var z = [Float](repeating: -1000, count: classes)
      z[place] = 1000
      let got = KernelSets.run("cross_entropy with 1000 at \(place) of \(classes)") { kernels in
        var logits = Guarded(z)
        var (loss, correct) = ([0.0], [UInt8(0)])
        logits.write { kernels.cross_entropy($0, [0], nil, 0, 1, classes, &loss, &correct) }
        return .init(floats: logits.values("cross_entropy"), doubles: loss + [Double(correct[0])])
      }
      let name = "1000 at \(place) of \(classes), else −1000"
      report(
        Compare.close("loss of \(name)", got.doubles, [place == 0 ? 0 : 2000, place == 0 ? 1 : 0], tolerance: 1e-9))
      let gradient = z.indices.map { Double($0 == place ? 1 : 0) - Double($0 == 0 ? 1 : 0) }
      report(Compare.close("gradient of \(name)", got.floats, gradient, tolerance: 1e-9))
    }
  }

  @Test func aNaNReachesThePooledMaximum() {
    for place in 0..<3 {
      var values: [Float] = [3, 1, 2]
      values[place] = .nan
      let x = PackedTensor(layout: RaggedLayout(lengths: [3]), channels: 1, elements: values)
      #expect(Pooling.max.forward(x).0.elements[0].isNaN, "maximum of \(values)")
    }
  }
}
