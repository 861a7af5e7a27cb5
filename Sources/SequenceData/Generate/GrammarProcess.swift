import PackedTensors

/// Sentences of a small invented language, as bytes, whose two classes differ in what the sentence is about.
///
/// ```
/// sentence → phrase(class) [aside] verb(class) [place]
/// phrase   → "the" [adjective] noun(class)
/// aside    → "near" phrase(any) "that" verb(as that phrase)
/// place    → "at" "the" site(class)
/// ```
/// Nouns, verbs and sites are of two kinds, and those that belong together are of one kind. Words are drawn from syllables, so that no word
/// tells its kind by its letters: whoever knows which nouns go with which verbs, which sentences without labels show, has the
/// class; whoever sees few labels knows few words. An aside of the other kind has a noun and a verb too, so that the words
/// alone, without their order, do not tell the class of such a sentence.
struct GrammarProcess: Sendable {
  /// Bytes.
  static let categories = 256
  /// The classes, by the kind of the noun that the sentence is about.
  static let classes = ["kind-0", "kind-1"]

  private static let (nounsOfKind, verbsOfKind, sitesOfKind, adjectives) = (24, 12, 12, 12)

  private let nouns, verbs, sites: [[String]]
  private let adjectives: [String]
  private let key: RandomKey

  /// A language and its sentences; both follow from the seed.
  init(seed: UInt64) {
    var lexicon = Lexicon(key: RandomKey(seed: seed, purpose: "generate.words"))
    nouns = (0..<2).map { _ in lexicon.words(Self.nounsOfKind) }
    verbs = (0..<2).map { _ in lexicon.words(Self.verbsOfKind) }
    sites = (0..<2).map { _ in lexicon.words(Self.sitesOfKind) }
    adjectives = lexicon.words(Self.adjectives)
    key = RandomKey(seed: seed, purpose: "generate.sentence")
  }

  /// The bytes of sentence `id` about a noun of a kind, 13 to about 75 of them.
  func values(of id: Int, class kind: Int) -> [Float] {
    var draws = 0
    func drawn(below bound: Int) -> Int {
      draws += 1
      return key.integer(below: bound, sequence: id, timestep: draws)
    }
    func one(_ words: [String]) -> String { words[drawn(below: words.count)] }
    func phrase(_ kind: Int) -> [String] {
      ["the"] + (drawn(below: 2) == 0 ? [one(adjectives)] : []) + [one(nouns[kind])]
    }
    var words = phrase(kind)
    if drawn(below: 3) > 0 {
      let other = drawn(below: 2)
      words += ["near"] + phrase(other) + ["that", one(verbs[other])]
    }
    words.append(one(verbs[kind]))
    if drawn(below: 2) == 0 { words += ["at", "the", one(sites[kind])] }
    return words.joined(separator: " ").utf8.map(Float.init)
  }

  /// Words of two or three syllables, none twice.
  private struct Lexicon {
    let key: RandomKey
    private var taken: Set<String> = []
    private var drawn = 0
    private static let consonants = Array("bdfgklmnprstvz")
    private static let vowels = Array("aeiou")

    init(key: RandomKey) { self.key = key }

    mutating func words(_ count: Int) -> [String] {
      (0..<count).map { _ in
        while true {
          drawn += 1
          let word = word(drawn)
          if taken.insert(word).inserted { return word }
        }
      }
    }

    private func word(_ number: Int) -> String {
      var word = ""
      for syllable in 0..<2 + key.integer(below: 2, sequence: number) {
        for (channel, letters) in [Self.consonants, Self.vowels].enumerated() {
          let letter = key.integer(
            below: letters.count, sequence: number, timestep: 1 + syllable, channel: channel)
          word.append(letters[letter])
        }
      }
      return word
    }
  }
}
