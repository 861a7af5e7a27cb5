import TestSupport
import Testing

/// A small data set of the kind that recipes of `launch/recipes` are for.
struct FittingData: Sendable {
  /// The recipes' file names.
  let recipes: [String]
  /// Makes it and returns its folder.
  let write: @Sendable () throws -> String

  private init(_ recipes: String..., write: @escaping @Sendable () throws -> String) {
    self.recipes = recipes.map { $0 + ".yaml" }
    self.write = write
  }

  /// One for every recipe.
  static let all = [
    FittingData("deep-strided", "quickstart", "reference-block") { try Experiment.generated.get() },
    FittingData("fsdd", "fsdd-transformer", "fsdd-wavegan") { try speech().write() },
    FittingData("fsdd-mu-law") { try speech(levels: 41).write() },
    FittingData("fsdd-pseudo-label") { try partlyLabelled(speech()).write() },
    FittingData("grammar-bytes") {
      let path = Workplace.place("sentences")
      try lockstep("data generate \(path) --process grammar --sequences \(count) --unlabelled 0 --seed 5")
      return path
    },
    // Windows of acceleration and rotation.
    FittingData("hapt", "hapt-autoencode", "hapt-lstm", "hapt-momentum", "hapt-transformer") {
      try waves(lengths: [Int](repeating: 128, count: count), features: 6, classes: (1...7).map(String.init)).write()
    },
    FittingData("japanese-vowels", "japanese-vowels-combined", "japanese-vowels-lstm") {
      try waves(lengths: someLengths(count, 7...29), features: 12).write()
    },
    // Rows of a table.
    FittingData("kdd-autoencode") {
      try waves(lengths: [Int](repeating: 1, count: 2 * count), features: 20, classes: ["normal.", "smurf."]).write()
    },
    FittingData("mnist-denoise") { try digits().write() },
    FittingData("mnist-pseudo-label") { try partlyLabelled(digits()).write() },
    FittingData("plaid") { try waves(lengths: someLengths(count, 100...400)).write() },
  ]

  /// Sequences, of which three in five are for training: four steps.
  private static let count = 60

  /// Waves of some classes' names, which go round.
  private static func waves(lengths: [Int], features: Int = 1, classes: [String]) -> PlainDataset {
    var made = PlainDataset.waves(lengths: lengths, features: features)
    made.classes = classes
    made.labels = lengths.indices.map { Int32($0 % classes.count) }
    return made
  }

  private static func waves(lengths: [Int], features: Int = 1) -> PlainDataset {
    PlainDataset.waves(lengths: lengths, features: features)
  }

  /// A fifth of a second and less at 8 kHz; as so many companded levels where they are given.
  private static func speech(levels: Int? = nil) -> PlainDataset {
    PlainDataset.waves(lengths: someLengths(count, 700...1500), categories: levels)
  }

  /// Rows of 28 pixels from 0 to 1.
  private static func digits() -> PlainDataset {
    var made = waves(lengths: [Int](repeating: 28, count: count), features: 28)
    made.sequences = made.sequences.map { $0.map { $0 / 10 } }
    return made
  }

  /// Every other sequence without its label.
  private static func partlyLabelled(_ made: PlainDataset) -> PlainDataset {
    var made = made
    for index in made.labels!.indices where index % 2 == 0 { made.labels![index] = -1 }
    return made
  }
}
