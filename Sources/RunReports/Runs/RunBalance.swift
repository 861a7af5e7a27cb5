/// How evenly the ranks of a run shared its timesteps.
struct RunBalance: Sendable {
  /// Σ over steps of the mean of the ranks, over Σ of the fullest rank: 1 is perfect.
  let balance: Double
  /// Ranks that the steps tell of, from the fewest to the most.
  let leastRanks, mostRanks: Int
  let steps: Int

  /// The balance over all steps that tell; nil where none does.
  init?(_ run: RunStory) {
    let table = run.metrics.train
    guard let all = table["timesteps"], let most = table["mostTimestepsOfRank"], let imbalance = table["imbalance"]
    else {
      return nil
    }
    var (means, fullest, ranks, steps) = (0.0, 0.0, Set<Int>(), 0)
    for index in all.indices where all[index] > 0 && most[index] > 0 && imbalance[index] >= 1 {
      let mean = most[index] / imbalance[index]
      means += mean
      fullest += most[index]
      ranks.insert(NumberText.whole(all[index] / mean))
      steps += 1
    }
    guard steps > 0, let least = ranks.min(), let largest = ranks.max() else { return nil }
    (balance, leastRanks, mostRanks, self.steps) = (means / fullest, least, largest, steps)
  }

  /// The balance in words.
  var sentence: String {
    if mostRanks == 1 { return "The run had one rank: nothing was to be balanced." }
    let ranks = leastRanks == mostRanks ? "\(mostRanks) ranks" : "\(leastRanks) to \(mostRanks) ranks"
    return
      "On \(ranks) the balance over \(NumberText.counted(steps, "step")) is \(NumberText.percent(balance)): the mean of all ranks over the fullest one, in timesteps."
  }
}
