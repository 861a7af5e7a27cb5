/// Deals costs into a power of two of lanes by halving from the top: the best two halves first, then each one's
/// quarters.
///
/// So every power-of-two number of ranks, whose parts are halves, quarters, … of the lanes, is balanced, the smaller
/// numbers best.
enum LaneDealer {
  /// Up to this many costs, all ways of halving are tried.
  private static let exhaustiveLimit = 14

  /// Indices of `costs`, lane by lane, ascending in each. Complexity: O(n²) at worst for n costs, about n·log(n) as a
  /// rule.
  static func deal(costs: [Int], lanes: Int) -> [[Int]] {
    var parts = [Array(costs.indices)]
    while parts.count < lanes {
      parts = parts.flatMap { part -> [[Int]] in
        let isSecond = halve(part.map { costs[$0] })
        return [
          zip(part, isSecond).filter { !$0.1 }.map(\.0), zip(part, isSecond).filter { $0.1 }.map(\.0),
        ]
      }
    }
    return parts
  }

  /// Which of the costs go to the second half; the first cost goes to the first.
  static func halve(_ costs: [Int]) -> [Bool] {
    guard costs.count > 1 else { return costs.map { _ in false } }
    var isSecond: [Bool]
    if costs.count <= exhaustiveLimit {
      isSecond = halveExhaustively(costs)
    } else {
      isSecond = halveByDifferences(costs)
      refine(&isSecond, costs)
    }
    return isSecond[0] ? isSecond.map { !$0 } : isSecond
  }

  /// The best of all ways. They are visited in Gray code's order, so that each costs one addition; of equals the first
  /// is kept.
  private static func halveExhaustively(_ costs: [Int]) -> [Bool] {
    var difference = costs.reduce(0, +)  // first half minus second
    var best = (difference: difference, code: 0)
    var code = 0
    for visit in 1..<(1 << (costs.count - 1)) {
      let bit = visit.trailingZeroBitCount
      code ^= 1 << bit
      difference += code & 1 << bit == 0 ? 2 * costs[bit + 1] : -2 * costs[bit + 1]
      if abs(difference) < best.difference { best = (abs(difference), code) }
    }
    return costs.indices.map { $0 > 0 && best.code & 1 << ($0 - 1) != 0 }
  }

  /// The differencing method (Karmarkar and Karp 1982): the two largest go to different halves and their difference
  /// takes their place, until one is left; then the halves are read back.
  private static func halveByDifferences(_ costs: [Int]) -> [Bool] {
    var waiting = costs.indices.map { (cost: costs[$0], index: $0) }
    waiting.sort { $0.cost != $1.cost ? $0.cost < $1.cost : $0.index > $1.index }
    var opposites: [(one: Int, other: Int)] = []
    while waiting.count > 1 {
      let larger = waiting.removeLast()
      let smaller = waiting.removeLast()
      opposites.append((larger.index, smaller.index))
      let difference = (cost: larger.cost - smaller.cost, index: larger.index)
      var low = 0
      var high = waiting.count
      while low < high {
        let middle = (low + high) / 2
        let before = waiting[middle]
        if before.cost != difference.cost ? before.cost < difference.cost : before.index > difference.index {
          low = middle + 1
        } else {
          high = middle
        }
      }
      waiting.insert(difference, at: low)
    }
    // Each index but the last left is the smaller of exactly one pair, and its larger is settled in a later pair.
    var isSecond = costs.map { _ in false }
    for pair in opposites.reversed() { isSecond[pair.other] = !isSecond[pair.one] }
    return isSecond
  }

  /// Moves one cost, or exchanges two, as long as that brings the halves closer; always the best such change, of equals
  /// the first.
  private static func refine(_ isSecond: inout [Bool], _ costs: [Int]) {
    var difference = zip(costs, isSecond).reduce(0) { $0 + ($1.1 ? -$1.0 : $1.0) }
    // Ascending by cost, then index: exchanges are found by walking both halves at once.
    let ascending = costs.indices.sorted { costs[$0] != costs[$1] ? costs[$0] < costs[$1] : $0 < $1 }
    for _ in 0..<costs.count where difference != 0 {
      let heavyIsSecond = difference < 0
      let gap = abs(difference)
      let heavy = ascending.filter { isSecond[$0] == heavyIsSecond }
      let light = ascending.filter { isSecond[$0] != heavyIsSecond }
      var best = (gap: gap, from: -1, to: -1)
      for index in heavy {
        let changed = abs(gap - 2 * costs[index])
        if changed < best.gap { best = (changed, index, -1) }
      }
      var partner = 0
      for index in heavy {
        // The partner whose cost lies nearest to cost - gap/2; as costs rise, so does the partner.
        while partner < light.count && 2 * (costs[index] - costs[light[partner]]) > gap { partner += 1 }
        for near in [partner - 1, partner] where light.indices.contains(near) {
          let changed = abs(gap - 2 * (costs[index] - costs[light[near]]))
          if changed < best.gap { best = (changed, index, light[near]) }
        }
      }
      guard best.from >= 0 else { return }
      isSecond[best.from].toggle()
      if best.to >= 0 { isSecond[best.to].toggle() }
      difference = zip(costs, isSecond).reduce(0) { $0 + ($1.1 ? -$1.0 : $1.0) }
    }
  }
}
