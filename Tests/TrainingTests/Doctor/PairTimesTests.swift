import Testing

@testable import Training

/// Which pairs of hosts stand out.
@Suite struct PairTimesTests {
  private func pair(_ one: Int, _ other: Int, latency: Double = 20e-6, rate: Double = 1e9) -> PairTimes.Pair {
    PairTimes.Pair(one: one, exchange: .init(peer: other, latencySeconds: latency, bytesPerSecond: rate))
  }

  @Test func theUsualIsTheMedianHostsBest() {
    let times = PairTimes([pair(0, 1, rate: 3e9), pair(0, 2, rate: 1e8), pair(1, 2, rate: 2e8)])
    #expect(times.bytesPerSecond == 3e9)
    #expect(times.slow == [pair(0, 2, rate: 1e8), pair(1, 2, rate: 2e8)])
  }

  @Test func twoPairsSayNothingOfEachOther() {
    #expect(PairTimes([pair(0, 1), pair(2, 3, rate: 1e3)]).slow.isEmpty)
    #expect(PairTimes([]).slow.isEmpty && PairTimes([]).latencySeconds == 0)
  }

  @Test func aLittleSlowerIsNotSlow() {
    let times = PairTimes([pair(0, 1), pair(0, 2, latency: 110e-6), pair(1, 2, rate: 0.4e9)])
    #expect(times.slow.isEmpty)
    #expect(PairTimes([pair(0, 1), pair(0, 2), pair(1, 2, latency: 121e-6)]).slow.map(\.ranks) == [[1, 2]])
  }

  @Test func theBetterOfTwoLooksCounts() {
    let first = NetworkCheck.Exchange(peer: 1, latencySeconds: 1, bytesPerSecond: 5)
    let second = NetworkCheck.Exchange(peer: 1, latencySeconds: 2, bytesPerSecond: 7)
    #expect(first.best(second) == .init(peer: 1, latencySeconds: 1, bytesPerSecond: 7))
  }
}
