import PackedTensors

/// Draws validation and test sequences: in every class the same share, and never one group in two splits.
public enum SplitDrawing {
  /// Draws a split for each sequence that has none in `given`.
  ///
  /// `labels` and `groups` hold -1 for none; unlabelled sequences count as a class of their own. Groups are dealt out
  /// first, the largest first, then single sequences, each to the split that lacks most of its classes: the shares are
  /// met as nearly as whole groups permit. Equal arguments give equal splits on every machine. Complexity: O(n log n).
  ///
  /// Throws ``DataError/usage(_:)`` for shares that leave nothing to train on, and for fewer groups than splits.
  public static func draw(
    labels: [Int32], groups: [Int32], given: [Split?], validation: Double, test: Double, seed: UInt64
  ) throws -> [Split] {
    guard validation >= 0, test >= 0, validation + test < 1 else {
      throw DataError.usage(
        "validation \(validation) and test \(test) of the sequences leave nothing to train on; "
          + "each must be at least 0 and their sum below 1 (--validation, --test-fraction)")
    }
    let undecided = given.indices.filter { given[$0] == nil }
    let units = units(of: undecided, groups: groups, seed: seed)
    let shares: [(split: Split, fraction: Double)] = [
      (.train, 1 - validation - test), (.test, test), (.validation, validation),
    ].filter { $0.1 > 0 }
    if let last = units.last, groups[last[0]] >= 0, units.count < shares.count {
      throw DataError.usage(
        "\(units.count) groups cannot fill \(shares.count) splits, since no group is shared; ask for fewer splits "
          + "(--validation 0, --test-fraction 0)")
    }

    let classes = Int(labels.max() ?? -1) + 2  // one more for no label
    var totals = Array(repeating: 0.0, count: classes)
    for index in undecided { totals[Int(labels[index]) + 1] += 1 }
    var lacking = shares.map { share in totals.map { $0 * share.fraction } }
    var splits = given.map { $0 ?? .train }
    for unit in units {
      var best = 0
      var bestScore = -Double.infinity
      for (index, share) in shares.enumerated() {
        var score = 0.0
        for member in unit {
          let label = Int(labels[member]) + 1
          score += lacking[index][label] / (totals[label] * share.fraction)
        }
        if score > bestScore { (best, bestScore) = (index, score) }
      }
      for member in unit {
        splits[member] = shares[best].split
        lacking[best][Int(labels[member]) + 1] -= 1
      }
    }
    return splits
  }

  /// What is dealt out together: groups, the largest first, then the sequences without one; equals in drawn order.
  private static func units(of sequences: [Int], groups: [Int32], seed: UInt64) -> [[Int]] {
    var members: [Int32: [Int]] = [:]
    for index in sequences where groups[index] >= 0 { members[groups[index], default: []].append(index) }
    let grouped = members.sorted { $0.key < $1.key }.map(\.value)
    let drawn = RandomKey(seed: seed, purpose: "splits.groups").permutation(of: grouped.count).map { grouped[$0] }
    let largestFirst = drawn.indices.sorted { (drawn[$1].count, $0) < (drawn[$0].count, $1) }.map { drawn[$0] }
    let single = sequences.filter { groups[$0] < 0 }
    let order = RandomKey(seed: seed, purpose: "splits.sequences").permutation(of: single.count)
    return largestFirst + order.map { [single[$0]] }
  }
}
