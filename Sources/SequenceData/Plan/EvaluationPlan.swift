/// Which sequences each rank evaluates, in batches of bounded size: every id exactly once. No result depends on it.
public struct EvaluationPlan: Equatable, Sendable {
  /// Each rank's batches of ids; within a rank the ids rise, so that files are read forwards.
  public let batches: [[[Int]]]

  /// Deals sequences to ranks, the longest first, each to the rank with the fewest timesteps so far.
  /// - Parameters:
  ///   - lengths: timesteps of each sequence.
  ///   - ids: the sequences' ids, one for each length.
  ///   - ranks: the number of ranks; one may get nothing.
  ///   - timesteps: the most timesteps of a batch; a longer sequence is a batch by itself.
  ///   - sequences: the most sequences of a batch.
  ///
  /// Complexity: O(n·(log n + ranks)).
  public init(lengths: [Int], ids: [Int], ranks: Int, timesteps: Int, sequences: Int = .max) {
    precondition(lengths.count == ids.count, "\(lengths.count) lengths for \(ids.count) ids")
    precondition(
      ranks > 0 && timesteps > 0 && sequences > 0,
      "\(ranks) ranks, \(timesteps) timesteps and \(sequences) sequences a batch leave nothing to do")
    var loads = [Int](repeating: 0, count: ranks)
    var positions = [[Int]](repeating: [], count: ranks)
    for position in lengths.indices.sorted(by: {
      lengths[$0] != lengths[$1] ? lengths[$0] > lengths[$1] : ids[$0] < ids[$1]
    }) {
      var lightest = 0
      for rank in 1..<Swift.max(ranks, 2) where rank < ranks && loads[rank] < loads[lightest] { lightest = rank }
      loads[lightest] += lengths[position]
      positions[lightest].append(position)
    }
    batches = positions.map { positions in
      var batches: [[Int]] = []
      var room = 0
      for position in positions.sorted(by: { ids[$0] < ids[$1] }) {
        if batches.isEmpty || lengths[position] > room || batches[batches.count - 1].count == sequences {
          batches.append([])
          room = timesteps
        }
        batches[batches.count - 1].append(ids[position])
        room -= lengths[position]
      }
      return batches
    }
  }
}
