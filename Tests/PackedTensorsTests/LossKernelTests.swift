import CKernels
import PackedTensors
import TestSupport
import Testing

/// Losses, softmax and the optimizers' updates on every instruction set, against their definitions in Double.
@Suite struct LossKernelTests {
  @Test(arguments: Edges.channels) func crossEntropyAndSoftmax(classes: Int) {
    for (rows, smoothing) in Edges.rows.flatMap({ rows in [Float(0), 0.1].map { (rows, $0) } }) {
      var numbers = Numbers(seed: UInt64(1000 * classes + rows))
      let logits = numbers.floats(rows * classes, scale: 8)
      let targets = numbers.integers(rows, below: classes)
      let weights = numbers.flags(rows)
      let name = "cross_entropy(rows \(rows), classes \(classes), smoothing \(smoothing), seed \(numbers.seed))"
      let got = KernelSets.run(name) { kernels in
        var z = Guarded(logits)
        var loss = [Double](repeating: 7, count: rows)
        var correct = [UInt8](repeating: 7, count: rows)
        z.write {
          kernels.cross_entropy($0, targets.map { Int32($0) }, weights, smoothing, rows, classes, &loss, &correct)
        }
        return .init(floats: z.values(name), doubles: loss + correct.map { Double($0) })
      }
      var (gradient, loss, correct) = ([Double](), [Double](), [Double]())
      for t in 0..<rows {
        let z = logits[t * classes..<(t + 1) * classes].map(Double.init)
        let counts = weights[t] != 0
        let g = ReferenceLosses.crossEntropyGradient(z, target: targets[t], smoothing: Double(smoothing))
        gradient += counts ? g : [Double](repeating: 0, count: classes)
        loss.append(counts ? ReferenceLosses.crossEntropy(z, target: targets[t], smoothing: Double(smoothing)) : 0)
        correct.append(counts && z.firstIndex(of: z.max()!) == targets[t] ? 1 : 0)
      }
      let tolerance = Compare.tolerance(terms: classes)
      report(Compare.close(name + ", gradient", got.floats, gradient, tolerance: tolerance))
      report(Compare.close(name + ", loss", Array(got.doubles[..<rows]), loss, tolerance: tolerance))
      report(Compare.bits(name + ", correct", Array(got.doubles[rows...]), correct))

      let softmax = KernelSets.run("softmax(rows \(rows), classes \(classes), seed \(numbers.seed))") { kernels in
        var z = Guarded(logits)
        z.write { kernels.softmax($0, rows, classes) }
        return .init(floats: z.values("softmax"))
      }
      let shares = (0..<rows).flatMap {
        ReferenceLosses.softmax(logits[$0 * classes..<($0 + 1) * classes].map(Double.init))
      }
      report(Compare.close("softmax(rows \(rows), classes \(classes))", softmax.floats, shares, tolerance: tolerance))
    }
  }

  @Test(arguments: Edges.channels) func huber(elements: Int) {
    for (rows, delta) in Edges.rows.flatMap({ rows in [Float(0.25), 1].map { (rows, $0) } }) {
      var numbers = Numbers(seed: UInt64(1000 * elements + rows))
      let prediction = numbers.floats(rows * elements, scale: 2)
      let target = numbers.floats(rows * elements, scale: 2)
      let weights = numbers.flags(rows * elements)
      for weighted in [false, true] {
        let name =
          "huber(rows \(rows), elements \(elements), delta \(delta), weighted \(weighted), seed \(numbers.seed))"
        let got = KernelSets.run(name) { kernels in
          var p = Guarded(prediction)
          var loss = [Double](repeating: 7, count: rows)
          p.write { kernels.huber($0, Guarded.input(target), weighted ? weights : nil, delta, rows, elements, &loss) }
          return .init(floats: p.values(name), doubles: loss)
        }
        let counts = prediction.indices.map { !weighted || weights[$0] != 0 }
        let pairs = prediction.indices.map { (Double(prediction[$0]), Double(target[$0])) }
        let gradient = prediction.indices.map {
          counts[$0] ? ReferenceLosses.huberGradient(pairs[$0].0, pairs[$0].1, delta: Double(delta)) : 0
        }
        let loss = (0..<rows).map { t in
          (t * elements..<(t + 1) * elements).reduce(0.0) {
            counts[$1] ? $0 + ReferenceLosses.huber(pairs[$1].0, pairs[$1].1, delta: Double(delta)) : $0
          }
        }
        report(Compare.close(name, got.floats, gradient, tolerance: Compare.tolerance(terms: 1, scale: 4)))
        report(Compare.close(name, got.doubles, loss, tolerance: Compare.tolerance(terms: elements, scale: 8)))
      }
    }
  }

  @Test(arguments: [0, 1, 7, 8, 15, 16, 17, 100, 1000]) func adamW(count: Int) {
    var numbers = Numbers(seed: UInt64(count))
    let parameters = numbers.floats(count)
    let gradients = (0..<5).map { _ in numbers.floats(count, scale: 10) }
    let (rate, beta1, beta2, epsilon, decay) = (Float(0.01), Float(0.875), Float(0.9375), Float(0.25), Float(0.1))
    let name = "adamw(\(count) parameters, seed \(count))"
    let got = KernelSets.run(name) { kernels in
      var (p, m, v) = (
        Guarded(parameters), Guarded([Float](repeating: 0, count: count)), Guarded([Float](repeating: 0, count: count))
      )
      for (step, gradient) in gradients.enumerated() {
        let correction1 = Float(1 - Elementary.power(Double(beta1), step + 1))
        let correction2 = Float((1 - Elementary.power(Double(beta2), step + 1)).squareRoot())
        p.write { p in
          m.write { m in
            v.write { v in
              kernels.adamw(
                p, Guarded.input(gradient), m, v, count, 0.5, rate, beta1, beta2, epsilon, decay, correction1,
                correction2)
            }
          }
        }
      }
      return .init(floats: p.values(name) + m.values(name) + v.values(name))
    }
    var (p, m, v) = ([Double](), [Double](), [Double]())
    for at in 0..<count {
      var state = ReferenceOptimizers.AdamW(
        rate: Double(rate), beta1: Double(beta1), beta2: Double(beta2), epsilon: Double(epsilon), decay: Double(decay))
      p.append(gradients.reduce(Double(parameters[at])) { state.update($0, gradient: Double($1[at]) * 0.5) })
      m.append(state.mean)
      v.append(state.square)
    }
    report(Compare.close(name, got.floats, p + m + v, tolerance: Compare.tolerance(terms: 5, scale: 10)))
  }

  @Test(arguments: [0, 1, 7, 8, 15, 16, 17, 100, 1000]) func momentum(count: Int) {
    for nesterov in [false, true] {
      var numbers = Numbers(seed: UInt64(count))
      let parameters = numbers.floats(count)
      let gradients = (0..<5).map { _ in numbers.floats(count) }
      let name = "sgd(\(count) parameters, nesterov \(nesterov), seed \(count))"
      let got = KernelSets.run(name) { kernels in
        // The buffer's old content must not matter at the first step.
        var (p, buffer) = (Guarded(parameters), Guarded([Float](repeating: .nan, count: count)))
        for (step, gradient) in gradients.enumerated() {
          p.write { p in
            buffer.write { buffer in
              kernels.sgd(
                p, Guarded.input(gradient), buffer, count, 2, 0.125, 0.875, nesterov ? 1 : 0, 0.25, step == 0 ? 1 : 0)
            }
          }
        }
        return .init(floats: p.values(name) + buffer.values(name))
      }
      var (p, buffers) = ([Double](), [Double]())
      for at in 0..<count {
        var state = ReferenceOptimizers.SGD(rate: 0.125, momentum: 0.875, decay: 0.25, nesterov: nesterov)
        p.append(gradients.reduce(Double(parameters[at])) { state.update($0, gradient: Double($1[at]) * 2) })
        buffers.append(state.buffer!)
      }
      report(Compare.close(name, got.floats, p + buffers, tolerance: Compare.tolerance(terms: 5, scale: 10)))
    }
  }
}
