/// A small choice of combinations in which any two values of any two factors meet at least once.
public enum EveryPair {
  /// Combinations of `factors` values each (as indices), chosen greedily. Errors at tile edges depend on one or two
  /// sizes at a time, so that pairs find what the full product would find.
  public static func of(_ factors: [Int]) -> [[Int]] {
    var open = Set<Pair>()
    for a in factors.indices {
      for b in factors.indices where b > a {
        for i in 0..<factors[a] { for j in 0..<factors[b] { open.insert(Pair(a: a, i: i, b: b, j: j)) } }
      }
    }
    var result: [[Int]] = []
    var turn = 0
    while let start = open.min() {
      var choice = [Int?](repeating: nil, count: factors.count)
      (choice[start.a], choice[start.b]) = (start.i, start.j)
      for factor in factors.indices where choice[factor] == nil {
        var best = (value: 0, covered: -1)
        for step in 0..<factors[factor] {
          let value = (step + turn) % factors[factor]
          let covered = choice.indices.count(where: { other in
            choice[other].map { open.contains(Pair(factor, value, other, $0)) } ?? false
          })
          if covered > best.covered { best = (value, covered) }
        }
        choice[factor] = best.value
        turn += 1
      }
      let combination = choice.map { $0! }
      for a in factors.indices {
        for b in factors.indices where b > a { open.remove(Pair(a: a, i: combination[a], b: b, j: combination[b])) }
      }
      result.append(combination)
    }
    return result
  }

  private struct Pair: Hashable, Comparable {
    let a, i, b, j: Int

    init(a: Int, i: Int, b: Int, j: Int) { (self.a, self.i, self.b, self.j) = (a, i, b, j) }

    /// The pair in either order of its factors.
    init(_ factor: Int, _ value: Int, _ other: Int, _ otherValue: Int) {
      if factor < other {
        self.init(a: factor, i: value, b: other, j: otherValue)
      } else {
        self.init(a: other, i: otherValue, b: factor, j: value)
      }
    }

    static func < (x: Pair, y: Pair) -> Bool { (x.a, x.b, x.i, x.j) < (y.a, y.b, y.i, y.j) }
  }
}
