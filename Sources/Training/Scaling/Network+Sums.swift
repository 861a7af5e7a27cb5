import DataParallel

extension Network {
  /// Bytes that a rank exchanges in each round of an all-reduce by halving and doubling (Rabenseifner 2004): halves,
  /// quarters, …, and back. Where the ranks are no power of two, those beyond it first hand all to a partner, and get
  /// it back at the end.
  static func rounds(allReducing bytes: Double, ranks: Int) -> [Double] {
    var halves: [Double] = []
    var group = 2
    while group <= ranks {
      halves.append(bytes / Double(group))
      group *= 2
    }
    let middle = halves + halves.reversed()
    return ranks & (ranks - 1) == 0 ? middle : [bytes] + middle + [bytes]
  }

  /// Seconds of MPI's all-reduce of so many bytes.
  func allReduce(_ bytes: Double, ranks: Int) -> Double {
    Network.rounds(allReducing: bytes, ranks: ranks).reduce(0) { $0 + exchange($1) }
  }

  /// Seconds in which every rank comes to hold `bytes` altogether, in rounds of doubling (Bruck et al. 1997).
  func gather(_ bytes: Double, ranks: Int) -> Double {
    var seconds = 0.0
    var held = 1
    while held < ranks {
      seconds += exchange(bytes * Double(min(held, ranks - held)) / Double(ranks))
      held *= 2
    }
    return seconds
  }

  /// Seconds of a canonical sum of `count` elements over all lanes of all ranks: nothing for one rank.
  func sum(count: Int, elementBytes: Int, ranks: Int, lanes: Int) -> Double {
    guard ranks > 1, count > 0 else { return 0 }
    switch CanonicalSum.route(count: count, elementBytes: elementBytes, ranks: ranks, lanes: lanes) {
    case .allReduce(let bytes): return allReduce(Double(bytes), ranks: ranks)
    case .gather(let bytes): return gather(Double(bytes), ranks: ranks)
    case .slices(let sent, let gathered):
      // All messages are under way at once: one latency, and every byte through the rank's own link.
      return exchange(Double(sent)) + gather(Double(gathered), ranks: ranks)
    }
  }
}
