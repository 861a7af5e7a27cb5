import ArrayFiles
import SequenceData

extension RecipeReader {
  /// An integer; without a default it must be there.
  public mutating func integer(
    _ key: String, in range: ClosedRange<Int> = 1...Int.max, default value: Int? = nil
  ) throws(RecipeError) -> Int {
    guard let number = try optionalInteger(key, in: range) ?? value else {
      throw missing(key, expected: Self.words(for: range))
    }
    return number
  }

  /// An integer that may be absent or null.
  public mutating func optionalInteger(
    _ key: String, in range: ClosedRange<Int> = 1...Int.max
  ) throws(RecipeError) -> Int? {
    guard let node = node(key) else { return nil }
    guard case .scalar(let text, quoted: false) = node.content, let number = Int(text),
      PlantedDefect.isHere || range.contains(number)
    else {
      throw error(key, "expected \(Self.words(for: range)), got \(node.words)")
    }
    return number
  }

  /// A number; without a default it must be there.
  public mutating func number(
    _ key: String, _ bounds: NumberBounds, default value: Double? = nil
  ) throws(RecipeError) -> Double {
    guard let number = try optionalNumber(key, bounds) ?? value else {
      throw missing(key, expected: bounds.words)
    }
    return number
  }

  /// A number that may be absent or null.
  public mutating func optionalNumber(_ key: String, _ bounds: NumberBounds) throws(RecipeError) -> Double? {
    guard let node = node(key) else { return nil }
    guard case .scalar(let text, quoted: false) = node.content, let number = Self.decimal(text),
      bounds.contains(number)
    else { throw error(key, "expected \(bounds.words), got \(node.words)") }
    return number
  }

  /// A truth value: `true` or `false` and nothing else.
  public mutating func boolean(_ key: String, default value: Bool) throws(RecipeError) -> Bool {
    guard let node = node(key) else { return value }
    guard case .scalar(let text, quoted: false) = node.content, let truth = Bool(text) else {
      throw error(key, "expected true or false, got \(node.words)")
    }
    return truth
  }

  /// A list of texts that may be absent or null: not empty, none twice, each on one line.
  public mutating func optionalTexts(_ key: String) throws(RecipeError) -> [String]? {
    guard let node = node(key) else { return nil }
    guard case .sequence(let items) = node.content, !items.isEmpty else {
      throw error(key, "expected a list of names such as [normal, walking], got \(node.words)")
    }
    var texts: [String] = []
    for item in items {
      guard case .scalar(let text, _) = item.content, !item.isNull,
        text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
      else { throw error(key, "expected a list of names, got \(item.words) in it") }
      guard !texts.contains(text) else { throw error(key, "names '\(text)' twice") }
      texts.append(text)
    }
    return texts
  }

  /// One word of several; without a default it must be there.
  public mutating func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _ key: String, default value: Choice? = nil
  ) throws(RecipeError) -> Choice {
    let words = Choice.allCases.map(\.rawValue)
    guard let word = try word(key, among: words, required: value == nil) else { return value! }
    return Choice(rawValue: word)!
  }

  /// The place among `kinds` of the word under `kind`, which must be there.
  public mutating func kind(among kinds: [String]) throws(RecipeError) -> Int {
    let word = try word("kind", among: kinds, required: true)
    return kinds.firstIndex(of: word!)!
  }

  private mutating func word(
    _ key: String, among words: [String], required: Bool
  ) throws(RecipeError) -> String? {
    let expected = words.count == 1 ? words[0] : "one of " + words.joined(separator: ", ")
    guard let node = node(key) else {
      if required { throw missing(key, expected: expected) }
      return nil
    }
    guard case .scalar(let text, _) = node.content, words.contains(text) else {
      var hint = ""
      if case .scalar(let text, _) = node.content, let nearest = Spelling.nearest(to: text, among: words) {
        hint = "; did you mean '\(nearest)'?"
      }
      throw error(key, "expected \(expected), got \(node.words)\(hint)")
    }
    return text
  }

  private static func words(for range: ClosedRange<Int>) -> String {
    range.upperBound == Int.max
      ? "an integer not below \(range.lowerBound)" : "an integer from \(range.lowerBound) to \(range.upperBound)"
  }

  /// A finite decimal number; neither `nan` nor `inf` nor hexadecimal digits are one here.
  private static func decimal(_ text: String) -> Double? {
    guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) else { return nil }
    guard let number = Double(text), number.isFinite else { return nil }
    return number
  }
}

/// The numbers that a key takes, and the words for them.
public struct NumberBounds: Sendable {
  let words: String
  let contains: @Sendable (Double) -> Bool

  /// Above 0.
  public static let positive = NumberBounds(words: "a number above 0") { $0 > 0 }
  /// 0 or above.
  public static let notNegative = NumberBounds(words: "a number not below 0") { $0 >= 0 }
  /// 0 or above and below 1: what is dropped, smoothed or decayed.
  public static let belowOne = NumberBounds(words: "a number from 0 to below 1") { $0 >= 0 && $0 < 1 }
  /// Above 0 and below 1: a part that is neither nothing nor all.
  public static let properPart = NumberBounds(words: "a number above 0 and below 1") { $0 > 0 && $0 < 1 }
  /// Above 0 and at most 1: a part that is not nothing.
  public static let positivePart = NumberBounds(words: "a number above 0 and at most 1") { $0 > 0 && $0 <= 1 }
  /// From 0 to 1.
  public static let part = NumberBounds(words: "a number from 0 to 1") { $0 >= 0 && $0 <= 1 }
}
