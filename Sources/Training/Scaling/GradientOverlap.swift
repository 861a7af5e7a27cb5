import DataParallel

/// The reductions of a step's gradient while backward goes on, and what of them is left at its end.
///
/// MPI moves a reduction along only inside calls. So each round of a reduction begins in the call after the end of the
/// one before, and after backward at once. Latencies of several reductions overlap, their bytes share one link.
struct GradientOverlap {
  /// A piece of the gradient: when its reduction starts, and its bytes.
  struct Piece: Equatable {
    var start: Double
    var bytes: Double
  }

  let network: Network
  let ranks: Int

  /// Seconds after `end` until all pieces are reduced.
  /// - Parameters:
  ///   - pieces: in the order of their starts.
  ///   - calls: moments at which MPI is called, ascending.
  ///   - end: when backward is done and nothing is left but waiting.
  ///
  /// Complexity: O(rounds · (pieces + log(calls))).
  func exposed(_ pieces: [Piece], calls: [Double], end: Double) -> Double {
    let latency = network.exchange(0)
    var reductions = pieces.map {
      (ready: $0.start, rounds: ArraySlice(Network.rounds(allReducing: $0.bytes, ranks: ranks)))
    }
    var linkIsFree = 0.0
    var last = end
    while let next = reductions.indices.filter({ !reductions[$0].rounds.isEmpty }).min(by: {
      reductions[$0].ready < reductions[$1].ready
    }) {
      let seconds = network.exchange(reductions[next].rounds.removeFirst())
      linkIsFree = max(reductions[next].ready, linkIsFree) + seconds - latency
      let arrived = linkIsFree + latency
      last = max(last, arrived)
      reductions[next].ready = arrived >= end ? arrived : GradientOverlap.first(of: calls, from: arrived) ?? end
    }
    return last - end
  }

  private static func first(of calls: [Double], from moment: Double) -> Double? {
    var low = 0
    var high = calls.count
    while low < high {
      let middle = (low + high) / 2
      if calls[middle] < moment { low = middle + 1 } else { high = middle }
    }
    return low < calls.count ? calls[low] : nil
  }
}
