/// Sequences ranked by anomaly scores, with the truth of each: what can be said of the scores without a threshold, and
/// which threshold would be best. Counts are whole numbers, so that ties are exact.
struct Ranking: Equatable {
  /// Sequences of one score.
  struct Group: Equatable {
    let score: Double
    var anomalies = 0
    var normals = 0
  }

  /// The groups of equal scores, the highest first.
  let groups: [Group]
  let anomalies: Int
  let normals: Int

  /// Complexity: O(n log n).
  /// - Parameter scores: finite, the higher the less normal.
  init(scores: [Double], areAnomalies: [Bool]) {
    precondition(scores.count == areAnomalies.count, "\(scores.count) scores, \(areAnomalies.count) truths")
    var groups: [Group] = []
    for index in scores.indices.sorted(by: { scores[$0] > scores[$1] }) {
      precondition(scores[index].isFinite, "score \(index) is \(scores[index])")
      if groups.last?.score != scores[index] { groups.append(Group(score: scores[index])) }
      if areAnomalies[index] {
        groups[groups.count - 1].anomalies += 1
      } else {
        groups[groups.count - 1].normals += 1
      }
    }
    self.groups = groups
    anomalies = groups.reduce(0) { $0 + $1.anomalies }
    normals = groups.reduce(0) { $0 + $1.normals }
  }

  /// Whether there are anomalies and normal sequences; of one kind alone the areas have no meaning.
  private var hasBoth: Bool { anomalies > 0 && normals > 0 }

  /// Area under the receiver operating characteristic: how likely a random anomaly scores above a random normal
  /// sequence, a tie counting half (Hanley and McNeil, Radiology 143, 1982). Nil where one kind is missing.
  var areaUnderROC: Double? {
    guard hasBoth else { return nil }
    var below = normals
    var twice = 0
    for group in groups {
      below -= group.normals
      twice += group.anomalies * (2 * below + group.normals)
    }
    return Double(twice) / (2 * Double(anomalies) * Double(normals))
  }

  /// Area under precision over recall as average precision: the sum over thresholds of precision times the gain of
  /// recall, without the interpolation that flatters (Davis and Goadrich, ICML 2006; scikit-learn's
  /// `average_precision_score`). Nil where one kind is missing.
  var averagePrecision: Double? {
    guard hasBoth else { return nil }
    var (hits, flagged, sum) = (0, 0, 0.0)
    for group in groups {
      hits += group.anomalies
      flagged += group.anomalies + group.normals
      sum += Double(group.anomalies) * (Double(hits) / Double(flagged))
    }
    return sum / Double(anomalies)
  }

  /// The threshold that gives the highest F1 where scores above it are anomalies, halfway between two scores; of equal
  /// ones the highest. Nil where one kind is missing.
  var thresholdOfBestF1: Double? {
    guard hasBoth else { return nil }
    var best: (hits: Int, both: Int, index: Int)?
    var (hits, flagged) = (0, 0)
    for (index, group) in groups.enumerated() {
      hits += group.anomalies
      flagged += group.anomalies + group.normals
      // F1 = 2 hits / (flagged + anomalies), compared without rounding.
      let both = flagged + anomalies
      if best.map({ hits * $0.both > $0.hits * both }) ?? true { best = (hits, both, index) }
    }
    let lowest = groups[best!.index].score
    guard best!.index + 1 < groups.count else { return lowest.nextDown }
    let next = groups[best!.index + 1].score
    let middle = next / 2 + lowest / 2
    return middle < lowest && middle >= next ? middle : next
  }
}
