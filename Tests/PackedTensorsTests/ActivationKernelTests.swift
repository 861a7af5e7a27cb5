import CKernels
import PackedTensors
import TestSupport
import Testing

/// Affine maps, activations, residual sums and their adjoints on every instruction set, against their definitions in
/// Double.
@Suite struct ActivationKernelTests {
  /// What every kernel here is given.
  private struct Input: Sendable {
    let rows, channels: Int
    let act: Activation
    /// Whether the skip passes a map of its own, and whether one row of the gradient holds for all.
    let mapped, repeated: Bool
    let x, r, g: [Float]
    let scale, shift, rScale, rShift, inverse, offset: [Float]
    let name: String

    init(_ rows: Int, _ channels: Int, _ act: Activation, mapped: Bool, repeated: Bool) {
      let kinds = Activation.allCases.count
      var numbers = Numbers(seed: UInt64((1000 * channels + rows) * kinds + Activation.allCases.firstIndex(of: act)!))
      (self.rows, self.channels, self.act, self.mapped, self.repeated) = (rows, channels, act, mapped, repeated)
      (x, r, g) = (
        numbers.floats(rows * channels, scale: 3), numbers.floats(rows * channels), numbers.floats(rows * channels)
      )
      (scale, shift) = (numbers.floats(channels), numbers.floats(channels))
      (rScale, rShift) = (numbers.floats(channels), numbers.floats(channels))
      (inverse, offset) = (numbers.floats(channels), numbers.floats(channels))
      name =
        "(rows \(rows), channels \(channels), \(act), mapped \(mapped), repeated \(repeated), seed \(numbers.seed))"
    }

    var code: ck_activation {
      [.identity: CK_IDENTITY, .relu: CK_RELU, .gelu: CK_GELU, .leakyReLU: CK_LEAKY_RELU][act]!
    }
    var affine: [Double] { ReferenceNormalisation.affine(x.doubles, scale: scale.doubles, shift: shift.doubles) }
    var sum: [Double] {
      ReferenceResidual.sum(
        x.doubles, scale: scale.doubles, shift: shift.doubles, skip: r.doubles,
        skipScale: mapped ? rScale.doubles : nil,
        skipShift: mapped ? rShift.doubles : nil)
    }
  }

  private static let inputs: [Input] = {
    let kinds = Activation.allCases
    return EveryPair.of([Edges.rows.count, Edges.channels.count, kinds.count, 2, 2]).map {
      Input(Edges.rows[$0[0]], Edges.channels[$0[1]], kinds[$0[2]], mapped: $0[3] == 1, repeated: $0[4] == 1)
    }
  }()

  @Test func affineActivation() {
    for one in Self.inputs {
      let channels = one.channels
      let name = "affine_activation\(one.name)"
      let got = KernelSets.run(name) { kernels in
        var y = Guarded(one.g)
        y.write {
          kernels.affine_activation(
            Guarded.input(one.x), Guarded.input(one.scale), Guarded.input(one.shift), one.code, one.rows, channels, $0)
        }
        return .init(floats: y.values(name))
      }
      let expected = one.affine.map { ReferenceActivation.value(one.act, $0) }
      report(Compare.close(name, got.floats, expected, tolerance: Compare.tolerance(terms: 1, scale: 4)))
    }
  }

  @Test func residualActivation() {
    for one in Self.inputs {
      let channels = one.channels
      let name = "residual_activation\(one.name)"
      let got = KernelSets.run(name) { kernels in
        var y = Guarded(one.g)
        y.write {
          kernels.residual_activation(
            Guarded.input(one.x), Guarded.input(one.scale), Guarded.input(one.shift), Guarded.input(one.r),
            one.mapped ? Guarded.input(one.rScale) : nil, one.mapped ? Guarded.input(one.rShift) : nil, one.code,
            one.rows,
            channels, $0)
        }
        return .init(floats: y.values(name))
      }
      let expected = ReferenceResidual.forward(one.act, sum: one.sum)
      report(Compare.close(name, got.floats, expected, tolerance: Compare.tolerance(terms: 2, scale: 6)))
    }
  }

  @Test func activationGradient() {
    for one in Self.inputs {
      let channels = one.channels
      let name = "activation_gradient\(one.name)"
      let got = KernelSets.run(name) { kernels in
        var g = Guarded(one.g)
        var sums = [Double](repeating: 0, count: 2 * channels)
        g.write {
          kernels.activation_gradient(
            $0, Guarded.input(one.x), Guarded.input(one.scale), Guarded.input(one.shift), one.code,
            Guarded.input(one.inverse), Guarded.input(one.offset), one.rows, channels, &sums)
        }
        return .init(floats: g.values(name), doubles: sums)
      }
      let expected = ReferenceResidual.backward(one.act, sum: one.affine, gradient: one.g.doubles)
      report(Compare.close(name, got.floats, expected, tolerance: Compare.tolerance(terms: 1, scale: 4)))
      // The sums are those of the gradient as it was written.
      let first = KernelOrder.leafSums(rows: one.rows, channels: channels) { $0 + got.floats[$1 * channels + $2] }
      let second = KernelOrder.leafSums(rows: one.rows, channels: channels) {
        let at = $1 * channels + $2
        return $0.addingProduct(got.floats[at], one.offset[$2].addingProduct(one.x[at], one.inverse[$2]))
      }
      report(Compare.bits(name + ", sums", got.doubles, first + second))
    }
  }

  @Test func residualGradient() {
    for one in Self.inputs {
      let channels = one.channels
      let (name, sum) = ("residual_gradient\(one.name)", one.sum)
      let y = ReferenceResidual.forward(one.act, sum: sum).map { Float($0) }
      let gradient = one.repeated ? Array(one.g.prefix(channels)) : one.g
      let got = KernelSets.run(name) { kernels in
        var out = Guarded(one.r)
        out.write {
          kernels.residual_gradient(
            Guarded.input(gradient), one.repeated ? 0 : channels, Guarded.input(y), Guarded.input(one.x),
            Guarded.input(one.scale), Guarded.input(one.shift), Guarded.input(one.r),
            one.mapped ? Guarded.input(one.rScale) : nil, one.mapped ? Guarded.input(one.rShift) : nil, one.code,
            one.rows,
            channels, $0)
        }
        return .init(floats: out.values(name))
      }
      let full = (0..<one.rows * channels).map { Double(gradient[one.repeated ? $0 % channels : $0]) }
      let expected = ReferenceResidual.backward(one.act, sum: sum, gradient: full)
      report(Compare.close(name, got.floats, expected, tolerance: Compare.tolerance(terms: 2, scale: 6)))
    }
  }

  @Test func affineGradient() {
    for one in Self.inputs {
      let channels = one.channels
      let name = "affine_gradient\(one.name)"
      let got = KernelSets.run(name) { kernels in
        var out = Guarded(one.r)
        out.write {
          kernels.affine_gradient(
            Guarded.input(one.g), Guarded.input(one.x), Guarded.input(one.scale), Guarded.input(one.inverse),
            Guarded.input(one.offset), one.rows, channels, $0)
        }
        return .init(floats: out.values(name))
      }
      let ordered = one.x.indices.map { at in
        let c = at % channels
        return one.offset[c].addingProduct(one.x[at], one.inverse[c]).addingProduct(one.g[at], one.scale[c])
      }
      report(Compare.bits(name, got.floats, ordered))
      let defined = one.x.indices.map { at in
        let c = at % channels
        let map = Double(one.x[at]) * Double(one.inverse[c]) + Double(one.offset[c])
        return Double(one.g[at]) * Double(one.scale[c]) + map
      }
      report(Compare.close(name, got.floats, defined, tolerance: Compare.tolerance(terms: 2, scale: 4)))
    }
  }

  @Test func geluIsAccurateOverItsWholeRange() {
    let x = (-1280...1280).map { Float($0) / 64 }
    for gradient in [false, true] {
      let name = gradient ? "GELU's derivative" : "GELU"
      let got = KernelSets.run(name) { kernels in
        var y = Guarded([Float](repeating: 1, count: x.count))
        var sums = [0.0, 0.0]
        let (one, zero) = (Guarded.input([1]), Guarded.input([0]))
        y.write {
          if gradient {
            kernels.activation_gradient($0, Guarded.input(x), one, zero, CK_GELU, one, zero, x.count, 1, &sums)
          } else {
            kernels.affine_activation(Guarded.input(x), one, zero, CK_GELU, x.count, 1, $0)
          }
        }
        return .init(floats: y.values(name), doubles: sums)
      }
      for (at, value) in x.enumerated() {
        let expected =
          gradient
          ? ReferenceActivation.derivative(.gelu, Double(value)) : ReferenceActivation.value(.gelu, Double(value))
        let problem = Compare.close(
          "\(name) at \(value)", [got.floats[at]], [expected], tolerance: 4e-7 * max(1, abs(expected)))
        report(problem)
      }
    }
  }
}
