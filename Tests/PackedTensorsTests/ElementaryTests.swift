import Foundation
import PackedTensors
import TestSupport
import Testing

/// Lockstep's elementary functions against the C library's, which are within a unit in the last place but not the same
/// everywhere.
@Suite struct ElementaryTests {
  @Test func exponential() {
    for n in -7000...7000 {
      let x = Double(n) * 0.1001
      let expected = Foundation.exp(x)
      report(Compare.close("exp(\(x))", [Elementary.exp(x)], [expected], tolerance: 1e-14 * expected))
    }
    #expect(Elementary.exp(0) == 1 && Elementary.exp(1000) == .infinity && Elementary.exp(-1000) == 0)
    #expect(Elementary.exp(.nan).isNaN && Elementary.exp(.infinity) == .infinity && Elementary.exp(-.infinity) == 0)
  }

  @Test func logarithm() {
    for n in -3000...3000 {
      let x = Foundation.exp(Double(n) * 0.2301)
      let expected = Foundation.log(x)
      report(Compare.close("log(\(x))", [Elementary.log(x)], [expected], tolerance: 1e-14 * max(abs(expected), 1e-3)))
    }
    for x in [1 - 1e-9, 1 + 1e-9, 1.4142135, 1.4142136, 0.70710678, .leastNonzeroMagnitude, .leastNormalMagnitude] {
      let expected = Foundation.log(x)
      report(Compare.close("log(\(x))", [Elementary.log(x)], [expected], tolerance: 1e-14 * abs(expected)))
    }
    #expect(Elementary.log(1) == 0)
  }

  @Test func cosineAndSine() {
    for n in -4000...4000 {
      let turns = Double(n) / 1024 + Double(n % 7) * 1e-4
      let got = Elementary.cosineAndSine(turns: turns)
      let angle = 2 * Double.pi * (turns - turns.rounded())
      report(Compare.close("cosine of \(turns) turns", [got.cosine], [Foundation.cos(angle)], tolerance: 2e-15))
      report(Compare.close("sine of \(turns) turns", [got.sine], [Foundation.sin(angle)], tolerance: 2e-15))
    }
    // Exact where the octants meet.
    for (turns, cosine, sine) in [
      (0.0, 1.0, 0.0), (0.25, 0, 1), (0.5, -1, 0), (0.75, 0, -1), (1, 1, 0), (-0.25, 0, -1),
    ] {
      let got = Elementary.cosineAndSine(turns: turns)
      #expect(got.cosine == cosine && got.sine == sine, "\(turns) turns: \(got)")
    }
  }

  @Test func powers() {
    for exponent in [0, 1, 2, 3, 10, 1000, 100_000] {
      for base in [0.9, 0.999, 1.5] {
        let expected = Foundation.pow(base, Double(exponent))
        let tolerance = expected.isFinite ? 1e-14 * Double(exponent + 1) * expected : 0
        report(
          Compare.close("\(base)^\(exponent)", [Elementary.power(base, exponent)], [expected], tolerance: tolerance))
      }
    }
  }
}
