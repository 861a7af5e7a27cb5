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

    /// Gives the join to `body`; the skip's x̂ goes by the maps of the branch, the other way round.
    func withJoin(_ body: (UnsafePointer<ck_join>) -> Void) {
      let maps = [scale, shift, inverse, offset, rScale, rShift, offset, inverse].map { Guarded.input($0) }
      Array(maps.joined()).withUnsafeBufferPointer { all in
        let at = { all.baseAddress! + $0 * maps[0].count }
        var join = ck_join()
        (join.channels, join.act) = (channels, code)
        (join.scale, join.shift, join.inverse, join.offset) = (at(0), at(1), at(2), at(3))
        if mapped { (join.r_scale, join.r_shift, join.r_inverse, join.r_offset) = (at(4), at(5), at(6), at(7)) }
        body(&join)
      }
    }

    /// Σ d, then Σ d·(values·inverse + offset), in the kernels' order.
    func moments(of d: [Float], _ values: [Float], _ inverse: [Float], _ offset: [Float]) -> [Double] {
      KernelOrder.leafSums(rows: rows, channels: channels) { $0 + d[$1 * channels + $2] }
        + KernelOrder.leafSums(rows: rows, channels: channels) {
          let at = $1 * channels + $2
          return $0.addingProduct(d[at], offset[$2].addingProduct(values[at], inverse[$2]))
        }
    }
  }

  private static let inputs: [Input] = {
    let kinds = Activation.allCases
    return EveryPair.of([Edges.rows.count, Edges.channels.count, kinds.count, 2, 2]).map {
      Input(Edges.rows[$0[0]], Edges.channels[$0[1]], kinds[$0[2]], mapped: $0[3] == 1, repeated: $0[4] == 1)
    } + [
      // More channels than a join's gradient sums at once.
      Input(97, 270, .relu, mapped: true, repeated: false), Input(50, 512, .gelu, mapped: false, repeated: true),
      Input(49, 300, .gelu, mapped: true, repeated: true),
    ]
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

  @Test func join() {
    for one in Self.inputs {
      let name = "join\(one.name)"
      let got = KernelSets.run(name) { kernels in
        var y = Guarded(one.g)
        y.write { y in
          one.withJoin { kernels.join($0, Guarded.input(one.x), Guarded.input(one.r), one.rows, y) }
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
      let sums = one.moments(of: got.floats, one.x, one.inverse, one.offset)
      report(Compare.bits(name + ", sums", got.doubles, sums))
    }
  }

  @Test func joinGradient() {
    for one in Self.inputs {
      let channels = one.channels
      let (name, sum) = ("join_gradient\(one.name)", one.sum)
      let y = ReferenceResidual.forward(one.act, sum: sum).map { Float($0) }
      let gradient = one.repeated ? Array(one.g.prefix(channels)) : one.g
      let got = KernelSets.run(name) { kernels in
        var out = Guarded(one.r)
        // A few more than there are sums, which are left as they are.
        var sums = [Double](repeating: 0, count: 2 * channels) + [7, 7, 7]
        var skipSums = one.mapped ? sums : []
        out.write { out in
          one.withJoin {
            kernels.join_gradient(
              $0, Guarded.input(gradient), one.repeated ? 0 : channels, Guarded.input(y), Guarded.input(one.x),
              Guarded.input(one.r), one.rows, out, &sums, &skipSums)
          }
        }
        return .init(floats: out.values(name), doubles: sums + skipSums)
      }
      let full = (0..<one.rows * channels).map { Double(gradient[one.repeated ? $0 % channels : $0]) }
      let expected = ReferenceResidual.backward(one.act, sum: sum, gradient: full)
      report(Compare.close(name, got.floats, expected, tolerance: Compare.tolerance(terms: 2, scale: 6)))
      // The sums are those of the gradient as it was written.
      let d = got.floats
      let sums = one.moments(of: d, one.x, one.inverse, one.offset)
      let skipSums = one.mapped ? one.moments(of: d, one.r, one.offset, one.inverse) : []
      let expectedSums = sums + [7, 7, 7] + (one.mapped ? skipSums + [7, 7, 7] : [])
      report(Compare.bits(name + ", sums", got.doubles, expectedSums))
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
