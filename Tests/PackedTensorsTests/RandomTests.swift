import PackedTensors
import TestSupport
import Testing

/// The generator against its authors' vectors, and the draws made from it.
@Suite struct RandomTests {
  /// Random123 1.14, examples/kat_vectors: philox4x32 10.
  @Test func knownAnswers() {
    let vectors: [(counter: SIMD4<UInt32>, key: UInt64, expected: SIMD4<UInt32>)] = [
      (SIMD4(0, 0, 0, 0), 0, SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
      (
        SIMD4(repeating: 0xffff_ffff), 0xffff_ffff_ffff_ffff,
        SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
      ),
      (
        SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), 0x299f_31d0_a409_3822,
        SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
      ),
    ]
    for vector in vectors {
      let got = Philox.bits(key: vector.key, counter: vector.counter)
      #expect(got == vector.expected, "philox4x32-10, counter \(vector.counter), key \(vector.key)")
    }
  }

  @Test func everyArgumentMatters() {
    let key = RandomKey(seed: 1, purpose: "encoder.stem.weight", epoch: 2)
    #expect(key == RandomKey(seed: 1, purpose: "encoder.stem.weight", epoch: 2))
    let keys = [
      key, RandomKey(seed: 2, purpose: "encoder.stem.weight", epoch: 2),
      RandomKey(seed: 1, purpose: "encoder.stem.bias", epoch: 2),
      RandomKey(seed: 1, purpose: "encoder.stem.weight", epoch: 3), RandomKey(seed: 1, purpose: "encoder.stem.weight"),
    ]
    #expect(Set(keys).count == keys.count)
    let draws = [
      key.bits(sequence: 0), key.bits(sequence: 1), key.bits(sequence: 0, timestep: 1),
      key.bits(sequence: 0, channel: 1),
      key.bits(sequence: 1 << 32), key.bits(sequence: -1),
    ]
    #expect(Set(draws).count == draws.count)
    #expect(key.bits(sequence: 7, timestep: 8, channel: 9) == key.bits(sequence: 7, timestep: 8, channel: 9))
  }

  /// Frozen: data sets, initial weights and plans depend on these.
  @Test func aDrawIsTheSameForEver() {
    let key = RandomKey(seed: 1, purpose: "plan.shuffle", epoch: 3)
    let again = Philox.bits(key: key.key, counter: SIMD4(5, 6, 4, 0))
    #expect(key.bits(sequence: 4, timestep: 5, channel: 6) == again)
    #expect(key.key == 0xc776_a5f9_be77_cadf, "key \(key.key)")
    #expect(key.permutation(of: 8) == [1, 6, 4, 3, 7, 2, 0, 5], "\(key.permutation(of: 8))")
  }

  /// χ² over 64 cells along each of the arguments, with 63 degrees of freedom: 63 ± 6·√126.
  @Test(arguments: ["sequence", "timestep", "channel"]) func drawsAreUniform(along: String) {
    let key = RandomKey(seed: 9, purpose: "test")
    let count = 1 << 16
    var cells = [[Int]](repeating: [Int](repeating: 0, count: 64), count: 3)
    for n in 0..<count {
      let (s, t, c) = along == "sequence" ? (n, 3, 5) : along == "timestep" ? (3, n, 5) : (3, 5, n)
      let single = key.uniform(sequence: s, timestep: t, channel: c)
      let double = key.uniformDouble(sequence: s, timestep: t, channel: c)
      let whole = key.integer(below: 64, sequence: s, timestep: t, channel: c)
      if !(0..<1).contains(single) || !(0..<1).contains(double) || !(0..<64).contains(whole) {
        Issue.record("draw \(n) along \(along): \(single), \(double), \(whole)")
        continue
      }
      cells[0][Int(single * 64)] += 1
      cells[1][Int(double * 64)] += 1
      cells[2][whole] += 1
    }
    for (kind, cells) in zip(["uniform", "uniformDouble", "integer"], cells) {
      let expected = Double(count) / 64
      let square = cells.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
      #expect(abs(square - 63) < 6 * 126.0.squareRoot(), "\(kind) along \(along): χ² is \(square), expected 63 ± 67")
    }
  }

  @Test(arguments: [0, 1, 2, 3, 100]) func permutations(count: Int) {
    let order = RandomKey(seed: 1, purpose: "a").permutation(of: count)
    #expect(order.sorted() == Array(0..<count))
    if count == 100 { #expect(order != RandomKey(seed: 1, purpose: "b").permutation(of: count)) }
  }

  /// Every order of three comes equally often: 1000 ± 5·√(1000·5/6).
  @Test func permutationsAreFair() {
    var counts: [[Int]: Int] = [:]
    for seed in 0..<6000 { counts[RandomKey(seed: UInt64(seed), purpose: "order").permutation(of: 3), default: 0] += 1 }
    #expect(counts.count == 6 && counts.values.allSatisfy { abs($0 - 1000) < 145 }, "\(counts)")
  }
}
