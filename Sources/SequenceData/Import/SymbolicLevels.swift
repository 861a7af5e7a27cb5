/// The levels of a table's symbolic columns: being collected from a first reading of the source, or fixed for a second
/// one, which writes them as features.
final class SymbolicLevels {
  /// The most value columns of a table with symbolic ones, and the most different words that are told apart: each of them
  /// stands in `dataset.json`, and each word makes every row wider.
  static let most = 4096

  /// Numbers of the words of each symbolic column, in the order in which the columns were named. While levels are
  /// collected they count over all columns; once fixed they count within one.
  private var numbers: [[String: Int]]
  private var words: [(column: Int, word: String)] = []
  /// Words met since they were taken last.
  private var met: Set<Int32> = []
  /// Whether levels are fixed.
  let isFixed: Bool
  /// Sequences of words that are no level, since the levels were fixed.
  private(set) var unknown = 0
  /// The table's value columns, once the source has been opened or as another import had them: what `dataset.json` says
  /// of them.
  private(set) var columns: [DatasetManifest.Column] = []

  /// Collects words of so many columns.
  init(collecting columns: Int) {
    numbers = Array(repeating: [:], count: columns)
    isFixed = false
  }

  /// Fixes levels, a list for each symbolic column.
  init(_ levels: [[String]]) {
    numbers = levels.map { Dictionary(uniqueKeysWithValues: $0.enumerated().map { ($1, $0) }) }
    isFixed = true
  }

  /// The levels that another import has written down.
  /// - Throws: a usage error where there are none.
  init(of dataset: String) throws {
    let columns = try DatasetManifest.read(in: dataset).manifest.columns ?? []
    let levels = columns.compactMap(\.levels)
    guard !levels.isEmpty else {
      throw DataError.usage("--levels-of \(dataset): its dataset.json names no levels of columns")
    }
    for list in levels where Set(list).count != list.count {
      throw DataError.damaged(dataset + "/" + DatasetManifest.fileName, "columns: a level stands there twice")
    }
    numbers = levels.map { Dictionary(uniqueKeysWithValues: $0.enumerated().map { ($1, $0) }) }
    self.columns = columns
    isFixed = true
  }

  /// Takes down what the value columns of a table are; nil where tables before, or another import's, had the same.
  /// - Parameters:
  ///   - names: of the value columns.
  ///   - places: the place of each among the symbolic columns, -1: none.
  /// - Returns: what differs.
  func describe(_ names: [String], _ places: [Int]) -> String? {
    guard isFixed else { return nil }
    guard places.filter({ $0 >= 0 }).count == numbers.count else {
      return "\(places.filter { $0 >= 0 }.count) symbolic columns; there are levels of \(numbers.count)"
    }
    let found = zip(names, places).map { name, place in
      DatasetManifest.Column(
        name: name, levels: place < 0 ? nil : numbers[place].sorted { $0.value < $1.value }.map(\.key))
    }
    if columns.isEmpty { columns = found }
    guard columns == found else {
      let index = zip(columns, found).enumerated().first { $1.0 != $1.1 }?.offset ?? min(columns.count, found.count)
      return "its value columns are not those that the levels are of: number \(index + 1) differs"
    }
    return nil
  }

  /// Features that a field of a symbolic column becomes.
  func width(_ column: Int) -> Int { isFixed ? numbers[column].count + 1 : 1 }

  /// Takes a word down, or appends its features.
  /// - Returns: whether there was room for it.
  func add(_ word: String, _ column: Int, to values: inout [Float]) -> Bool {
    guard isFixed else {
      values.append(0)
      if let number = numbers[column][word] {
        met.insert(Int32(number))
        return true
      }
      guard words.count < SymbolicLevels.most else { return false }
      numbers[column][word] = words.count
      met.insert(Int32(words.count))
      words.append((column, word))
      return true
    }
    let level = numbers[column][word] ?? numbers[column].count
    if level == numbers[column].count { unknown += 1 }
    for index in 0...numbers[column].count { values.append(index == level ? 1 : 0) }
    return true
  }

  /// Forgets the words met: a sequence begins.
  func beginSequence() { met.removeAll(keepingCapacity: true) }

  /// The words met since the last call, by number.
  func takeMet() -> [Int32] {
    defer { met.removeAll(keepingCapacity: true) }
    return Array(met)
  }

  /// The levels of each symbolic column, in natural order: the words that are among some numbers.
  func levels(among numbers: Set<Int32>) -> [[String]] {
    var levels: [[String]] = Array(repeating: [], count: self.numbers.count)
    for (number, entry) in words.enumerated() where numbers.contains(Int32(number)) {
      levels[entry.column].append(entry.word)
    }
    return levels.map { $0.sorted(by: NaturalOrder.precedes) }
  }
}
