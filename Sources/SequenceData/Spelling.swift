/// Which known word somebody may have meant.
public enum Spelling {
  /// A longer word is no misspelt key, and comparing takes time in proportion to its length.
  private static let longestWord = 64

  /// The known word with the smallest edit distance, if that is at most a third of the word's length and two at least.
  public static func nearest(to word: String, among known: [String]) -> String? {
    guard word.count <= longestWord else { return nil }
    let limit = max(2, word.count / 3)
    let distances = known.map { (word: $0, distance: distance(word.lowercased(), $0.lowercased())) }
    let best = distances.min { ($0.distance, $0.word) < ($1.distance, $1.word) }
    return best.flatMap { $0.distance <= limit && $0.distance < word.count ? $0.word : nil }
  }

  /// Levenshtein's distance: how many letters must be inserted, deleted or replaced. O(n m).
  static func distance(_ first: String, _ second: String) -> Int {
    let columns = Array(second)
    var previous = Array(0...columns.count)
    for (row, letter) in first.enumerated() {
      var current = [row + 1]
      for column in columns.indices {
        let replaced = previous[column] + (letter == columns[column] ? 0 : 1)
        current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
      }
      previous = current
    }
    return previous[columns.count]
  }
}
