/// What messages cost between all pairs of hosts that were measured.
struct PairTimes {
  /// Two ranks, each of which speaks for its host, and what they measured.
  struct Pair: Equatable {
    /// The lower rank.
    let one: Int
    let exchange: NetworkCheck.Exchange

    var other: Int { exchange.peer }
    var ranks: [Int] { [one, other] }
  }

  let pairs: [Pair]
  /// Seconds of a short message, and bytes a second, that the median host has with its best partner: where one of three
  /// hosts is slow, most pairs are. Zero without pairs.
  let latencySeconds, bytesPerSecond: Double

  init(_ pairs: [Pair]) {
    self.pairs = pairs
    let ofHosts = Dictionary(grouping: pairs.flatMap { pair in pair.ranks.map { ($0, pair.exchange) } }, by: \.0)
      .values.map { $0.map(\.1) }
    func median(_ best: ([NetworkCheck.Exchange]) -> Double?) -> Double {
      let all = ofHosts.compactMap(best).sorted()
      return all.isEmpty ? 0 : all[all.count / 2]
    }
    latencySeconds = median { $0.map(\.latencySeconds).min() }
    bytesPerSecond = median { $0.map(\.bytesPerSecond).max() }
  }

  /// Pairs with less than a third of the usual bandwidth, or five times the usual latency and 100 µs more. Two pairs say
  /// nothing of each other.
  var slow: [Pair] {
    guard pairs.count > 2 else { return [] }
    return pairs.filter {
      $0.exchange.bytesPerSecond < bytesPerSecond / 3
        || $0.exchange.latencySeconds > max(5 * latencySeconds, latencySeconds + 100e-6)
    }
  }
}
