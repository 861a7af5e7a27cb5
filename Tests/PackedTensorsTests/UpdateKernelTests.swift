import CKernels
import TestSupport
import Testing

/// Updates of parameters on every instruction set, element by element in Float.
@Suite struct UpdateKernelTests {
  @Test(arguments: [0, 1, 7, 8, 9, 16, 31, 100, 1000]) func adamW(count: Int) {
    var numbers = Numbers(seed: UInt64(count))
    let (p, g, m) = (numbers.floats(count), numbers.floats(count), numbers.floats(count))
    let v = numbers.floats(count).map { $0 * $0 }
    let (scale, rate, beta1, beta2): (Float, Float, Float, Float) = (0.3, 1e-2, 0.9, 0.999)
    let (epsilon, decay, correction1, rootCorrection2): (Float, Float, Float, Float) = (1e-8, 0.01, 0.19, 0.045)
    let name = "adamw(\(count) elements)"
    let got = KernelSets.run(name) { kernels in
      var (newP, newM, newV) = (Guarded(p), Guarded(m), Guarded(v))
      newP.write { p in
        newM.write { m in
          newV.write { v in
            kernels.adamw(
              p, Guarded.input(g), m, v, count, scale, rate, beta1, beta2, epsilon, decay, correction1, rootCorrection2)
          }
        }
      }
      return .init(floats: newP.values(name) + newM.values(name) + newV.values(name))
    }
    let d = g.map { $0 * scale }
    let mean = m.indices.map { ((1 - beta1) * d[$0]).addingProduct(beta1, m[$0]) }
    let square = v.indices.map { ((1 - beta2) * d[$0] * d[$0]).addingProduct(beta2, v[$0]) }
    let updated = p.indices.map {
      p[$0] * (1 - rate * decay)
        - rate / correction1 * (mean[$0] / (square[$0].squareRoot() / rootCorrection2 + epsilon))
    }
    report(Compare.bits(name, got.floats, updated + mean + square))
  }

  @Test(arguments: [0, 1, 9, 31, 1000], [false, true]) func sgd(count: Int, isFirst: Bool) {
    var numbers = Numbers(seed: UInt64(count))
    let (p, g, buffer) = (numbers.floats(count), numbers.floats(count), numbers.floats(count))
    let (scale, rate, momentum, decay): (Float, Float, Float, Float) = (0.3, 1e-2, 0.9, 0.01)
    for isNesterov in [false, true] {
      let name = "sgd(\(count) elements, first \(isFirst), nesterov \(isNesterov))"
      let got = KernelSets.run(name) { kernels in
        var (newP, newBuffer) = (Guarded(p), Guarded(buffer))
        newP.write { p in
          newBuffer.write {
            kernels.sgd(
              p, Guarded.input(g), $0, count, scale, rate, momentum, isNesterov ? 1 : 0, decay, isFirst ? 1 : 0)
          }
        }
        return .init(floats: newP.values(name) + newBuffer.values(name))
      }
      let d = p.indices.map { (g[$0] * scale).addingProduct(decay, p[$0]) }
      let sum = p.indices.map { isFirst ? d[$0] : d[$0].addingProduct(momentum, buffer[$0]) }
      let updated = p.indices.map {
        p[$0].addingProduct(-rate, isNesterov ? d[$0].addingProduct(momentum, sum[$0]) : sum[$0])
      }
      report(Compare.bits(name, got.floats, updated + sum))
    }
  }
}
