import PackedTensors
import TestSupport
import Testing

/// Normalisation, residual joins, pooling and losses over ragged layouts, against their definitions in Double.
@Suite struct SequenceOperationTests {
  static let layout = RaggedLayout(lengths: [1, 5, 97, 200, 3], laneBounds: [0, 1, 1, 4, 5])

  private func tensor(_ channels: Int, _ numbers: inout Numbers, scale: Float = 1) -> PackedTensor {
    let layout = Self.layout
    return PackedTensor(
      layout: layout, channels: channels, elements: numbers.floats(layout.timesteps * channels, scale: scale))
  }
  /// All lanes together.
  private func total(_ sums: LaneSums) -> [Double] {
    (0..<sums.count).map { at in (0..<Self.layout.carriedLanes).reduce(0) { $0 + sums[$1][sums[$1].startIndex + at] } }
  }
  private func normalisation(of x: PackedTensor, _ numbers: inout Numbers) -> (
    Normalisation, gain: [Float], bias: [Float]
  ) {
    var sums = MomentSums(pivot: numbers.floats(x.channels), lanes: x.layout.carriedLanes)
    sums.add(x)
    let moments = BatchMoments(sums: total(sums.sums), pivot: sums.pivot, count: x.layout.timesteps)
    let (gain, bias) = (numbers.floats(x.channels), numbers.floats(x.channels))
    return (Normalisation(moments: moments, gain: gain, bias: bias, epsilon: 1e-5), gain, bias)
  }

  @Test(arguments: [1, 6, 17, 64]) func batchNormalisation(channels: Int) {
    var numbers = Numbers(seed: UInt64(channels))
    let (x, g) = (tensor(channels, &numbers), tensor(channels, &numbers))
    let (norm, gain, bias) = normalisation(of: x, &numbers)
    let (mean, variance) = ReferenceNormalisation.moments(x.elements.doubles, channels: channels)
    let room = Compare.tolerance(terms: KernelSizes.leaf)
    report(Compare.close("mean, \(channels) channels", norm.moments.mean, mean, tolerance: room))
    report(Compare.close("variance, \(channels) channels", norm.moments.variance, variance, tolerance: room))
    let y = NormalisedInput(x, affine: norm.affine).materialised()
    let expected = ReferenceNormalisation.forward(
      x.elements.doubles, gain: gain.doubles, bias: bias.doubles, epsilon: 1e-5)
    report(Compare.close("normalised, \(channels) channels", y.elements, expected, tolerance: 4 * room))

    // The sums come from the adjoint of an activation that changes nothing.
    var adjoint = ActivationAdjoint(input: x, affine: norm.affine, activation: .identity, standardise: norm.standardise)
    adjoint.apply(to: g)
    let sums = total(adjoint.sums)
    let dx = NormalisedGradient(g, adjoint: (x, norm.adjoint(sums: sums))).materialised()
    let gradient = ReferenceNormalisation.backward(
      x.elements.doubles, g.elements.doubles, gain: gain.doubles, epsilon: 1e-5)
    let sumRoom = room * Double(Self.layout.timesteps).squareRoot()
    report(Compare.close("gradient of gain", Array(sums[channels...]), gradient.gain, tolerance: sumRoom))
    report(Compare.close("gradient of bias", Array(sums[..<channels]), gradient.bias, tolerance: sumRoom))
    report(Compare.close("normalisation's adjoint, \(channels) channels", dx.elements, gradient.x, tolerance: 4 * room))
    let frozen = NormalisedGradient(g, adjoint: (x, norm.frozenAdjoint)).materialised()
    let scaled = g.elements.enumerated().map { Double($1) * Double(gain[$0 % channels]) * norm.inverse[$0 % channels] }
    report(Compare.close("frozen adjoint, \(channels) channels", frozen.elements, scaled, tolerance: room))
  }

  @Test(arguments: [1, 17, 64], Activation.allCases) func residualJoin(channels: Int, activation: Activation) {
    for (projected, repeated) in [(false, false), (true, false), (false, true), (true, true)] {
      var numbers = Numbers(seed: UInt64(channels))
      let (branch, skip) = (tensor(channels, &numbers), tensor(channels, &numbers))
      let norm = normalisation(of: branch, &numbers).0
      let skipNorm = projected ? normalisation(of: skip, &numbers).0 : nil
      let join = ResidualJoin(
        branch: branch, normalisation: norm, skip: skip, skipNormalisation: skipNorm, activation: activation)
      let name = "residual join(\(channels) channels, \(activation), projected \(projected), repeated \(repeated))"
      let y = join.forward()
      let sum = ReferenceResidual.sum(
        branch.elements.doubles, scale: norm.affine.scale.values.doubles, shift: norm.affine.shift.values.doubles,
        skip: skip.elements.doubles, skipScale: skipNorm?.affine.scale.values.doubles,
        skipShift: skipNorm?.affine.shift.values.doubles)
      let room = Compare.tolerance(terms: 2, scale: 8)
      report(Compare.close(name, y.elements, ReferenceResidual.forward(activation, sum: sum), tolerance: room))

      let pooled = PackedTensor(
        layout: Self.layout.pooled, channels: channels, elements: numbers.floats(Self.layout.sequences * channels))
      let given = repeated ? OutputGradient(repeating: pooled) : OutputGradient(tensor(channels, &numbers))
      let expanded = given.expanded(to: Self.layout)
      if repeated {
        for sequence in 0..<Self.layout.sequences {
          let rows = slice(expanded.elements, Self.layout, sequence)
          let row = slice(pooled.elements, Self.layout.pooled, sequence)
          #expect(rows.indices.allSatisfy { rows[$0] == row[$0 % channels] }, "\(name): sequence \(sequence)")
        }
      }
      let adjoint = join.backward(given, output: y)
      let gradient = ReferenceResidual.backward(activation, sum: sum, gradient: expanded.elements.doubles)
      report(Compare.close("adjoint of \(name)", adjoint.gradient.elements, gradient, tolerance: room))
      #expect((adjoint.skipSums != nil) == projected)
      for (sums, x, map) in [
        (adjoint.branchSums, branch, norm.standardise), (adjoint.skipSums, skip, skipNorm?.standardise),
      ] {
        guard let sums, let map else { continue }
        let standard = ReferenceNormalisation.affine(
          x.elements.doubles, scale: map.scale.values.doubles, shift: map.shift.values.doubles)
        for lane in 0..<Self.layout.carriedLanes {
          var expected = [Double](repeating: 0, count: 2 * channels)
          for row in Self.layout.sequences(ofLane: lane).flatMap({ Self.layout.rows(of: $0) }) {
            for c in 0..<channels {
              expected[c] += gradient[row * channels + c]
              expected[channels + c] += gradient[row * channels + c] * standard[row * channels + c]
            }
          }
          report(
            Compare.close(
              "sums of \(name), lane \(lane)", Array(sums[lane]), expected,
              tolerance: Compare.tolerance(terms: Self.layout.timesteps, scale: 32)))
        }
      }
    }
  }

  @Test(arguments: Pooling.allCases, [1, 17]) func pooling(pooling: Pooling, channels: Int) {
    var numbers = Numbers(seed: 7)
    let x = tensor(channels, &numbers)
    if pooling == .max { for at in 0..<x.count { x.base[at] = (x.base[at] * 4).rounded() } }  // ties: the first counts
    let (y, saved) = pooling.forward(x)
    let g = PackedTensor(layout: y.layout, channels: channels, elements: numbers.floats(y.count))
    let dx = pooling.backward(g, saved).expanded(to: Self.layout)
    for sequence in 0..<Self.layout.sequences {
      let values = slice(x.elements, Self.layout, sequence).doubles
      let name = "\(pooling) of sequence \(sequence), \(channels) channels"
      let room = Compare.tolerance(terms: KernelSizes.leaf)
      let expected = ReferencePooling.forward(pooling, values, channels: channels)
      report(Compare.close(name, slice(y.elements, y.layout, sequence), expected, tolerance: room))
      let gradient = ReferencePooling.backward(pooling, values, gradient: slice(g.elements, y.layout, sequence).doubles)
      report(Compare.close("adjoint of \(name)", slice(dx.elements, Self.layout, sequence), gradient, tolerance: room))
    }
    // At the maxima that were chosen all three are linear.
    let (left, right) = (dot(y.elements.doubles, g.elements.doubles), dot(x.elements.doubles, dx.elements.doubles))
    report(Compare.close("<P x, g> = <x, Pᵀ g>, \(pooling)", [right], [left], tolerance: 1e-4))
  }

  @Test(arguments: [1, 3, 41]) func crossEntropy(classes: Int) {
    var numbers = Numbers(seed: UInt64(classes))
    let layout = Self.layout
    let logits = tensor(classes, &numbers, scale: 4)
    let z = logits.elements.doubles
    let targets = numbers.integers(layout.timesteps, below: classes)
    let weights = numbers.flags(layout.timesteps)
    let sums = Losses.crossEntropy(logits, targets: targets.map { Int32($0) }, weights: weights, smoothing: 0.1)
    let loss = (0..<layout.timesteps).map { row in
      let one = Array(z[row * classes..<(row + 1) * classes])
      return weights[row] == 0
        ? 0 : ReferenceLosses.crossEntropy(one, target: targets[row], smoothing: Double(Float(0.1)))
    }
    check(sums, loss: loss, name: "cross-entropy of \(classes) classes")
    #expect(sums.count == weights.count(where: { $0 != 0 }))
    let correct = (0..<layout.timesteps).count(where: { row in
      let one = z[row * classes..<(row + 1) * classes]
      return weights[row] != 0 && one.firstIndex(of: one.max()!)! - one.startIndex == targets[row]
    })
    #expect(sums.correct == correct, "\(classes) classes")
  }

  @Test(arguments: [1, 17]) func huber(channels: Int) {
    var numbers = Numbers(seed: UInt64(channels))
    let prediction = tensor(channels, &numbers, scale: 2)
    let (p, targets) = (prediction.elements, numbers.floats(prediction.count, scale: 2))
    let weights = numbers.flags(prediction.count)
    let sums = Losses.huber(prediction, targets: targets, weights: weights, delta: 0.5)
    let loss = (0..<Self.layout.timesteps).map { row in
      (row * channels..<(row + 1) * channels).reduce(0.0) {
        weights[$1] == 0 ? $0 : $0 + ReferenceLosses.huber(Double(p[$1]), Double(targets[$1]), delta: 0.5)
      }
    }
    check(sums, loss: loss, name: "Huber of \(channels) channels")
    #expect(sums.count == weights.count(where: { $0 != 0 }))
  }

  private func check(_ sums: LossSums, loss: [Double], name: String) {
    let room = Compare.tolerance(terms: loss.count, scale: 8)
    let bySequence = (0..<Self.layout.sequences).map { Self.layout.rows(of: $0).reduce(0) { $0 + loss[$1] } }
    let byLane = (0..<Self.layout.carriedLanes).map {
      Self.layout.sequences(ofLane: $0).reduce(0) { $0 + bySequence[$1] }
    }
    report(Compare.close("\(name), by sequence", sums.sequenceLoss, bySequence, tolerance: room))
    report(Compare.close("\(name), by lane", sums.loss.values, byLane, tolerance: room))
  }
}
