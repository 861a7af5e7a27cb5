import Testing

@testable import Training

/// Who others wait for, from numbers alone.
@Suite struct StragglerTests {
  @Test func aLoadSharesOneInteger() {
    for (timesteps, seconds) in [(0, 0.0), (1, 0.000001), (8_589_934_591, 12.5), (262_144, 1073.741823)] {
      let load = RankLoad(packed: RankLoad(timesteps: timesteps, ownSeconds: seconds).packed)
      #expect(load.timesteps == timesteps && abs(load.ownSeconds - seconds) <= 1e-6, "\(load)")
    }
    #expect(RankLoad(packed: RankLoad(timesteps: 7, ownSeconds: 1e9).packed) == RankLoad(packed: 0x7FFF_FFFE_0000_0007))
    #expect(RankLoad(timesteps: 7, ownSeconds: -1).packed == 7)
    // A sum over ranks, of which the others give nothing, is the rank's own.
    #expect(0 + RankLoad(timesteps: 5, ownSeconds: 2).packed + 0 == 2_000_000 << 33 | 5)
  }

  /// What a search finds after steps of these timesteps and seconds of each rank.
  private func found(_ steps: Int, timesteps: [Int], seconds: (Int) -> [Double]) -> Straggler? {
    var search = StragglerSearch(hosts: timesteps.indices.map { "host\($0)" })
    search.add(timesteps: timesteps, ownSecondsBefore: timesteps.map { _ in 0 })
    for step in 0..<steps { search.add(timesteps: timesteps, ownSecondsBefore: seconds(step)) }
    return search.straggler
  }

  @Test func whoIsSlowStepAfterStepIsNamed() {
    let even = [100, 100, 100, 100]
    let slow = found(20, timesteps: even) { _ in [1, 1.1, 1.6, 1] }
    #expect(
      slow == Straggler(rank: 2, host: "host2", slowdown: slow?.slowdown ?? 0)
        && abs((slow?.slowdown ?? 0) - 1.6) < 1e-9)
    #expect(found(20, timesteps: [100, 90]) { _ in [1, 1.4] }?.rank == 1)
    // Too few steps; not slow enough; now this one, now that one; once and far too long.
    #expect(found(7, timesteps: even) { _ in [1, 1, 2, 1] } == nil)
    #expect(found(20, timesteps: even) { _ in [1, 1, 1.25, 1] } == nil)
    #expect(found(20, timesteps: even) { $0 % 2 == 0 ? [1, 1, 3, 1] : [1, 3, 1, 1] } == nil)
    #expect(found(20, timesteps: even) { $0 == 5 ? [1, 1, 50, 1] : [1, 1, 1, 1] } == nil)
    // Who has more to do is not slow.
    #expect(found(20, timesteps: [100, 100, 160, 100]) { _ in [1, 1, 1.6, 1] } == nil)
    #expect(found(20, timesteps: [100]) { _ in [1] } == nil)
    // The last twenty count.
    #expect(found(60, timesteps: even) { $0 < 30 ? [1, 1, 2, 1] : [1, 1, 1, 1] } == nil)
  }
}
