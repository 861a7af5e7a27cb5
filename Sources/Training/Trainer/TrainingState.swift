import SequenceData

/// What a checkpoint's state.json holds: all that training needs beside weights and moments. Equal on every number of
/// ranks.
struct TrainingState: Codable, Equatable {
  var format = "lockstep-state"
  var version = 1
  /// Steps done.
  var step: Int
  /// The epoch of the next step, and its number in it.
  var epoch, stepOfEpoch: Int
  /// Whether training is over.
  var isFinished = false
  /// The best validation so far.
  var best: Best?
  /// Validations since the best.
  var validationsSinceBest = 0
  /// Steps whose loss or gradient was not finite: all so far, and those in a row up to now.
  var skippedSteps = 0
  var skippedInARow = 0
  /// The labels that were guessed, once they have been.
  var guesses: GuessedLabels?
  /// What the run is.
  var identity: RunIdentity
  /// How the encoder reads.
  var input: InputDescription

  /// A validation and the step at which it was made.
  struct Best: Codable, Equatable {
    var step: Int
    var metric: String
    var value: Double
    var loss: Double
  }
}

/// How an encoder reads: the form of the data and its normalisation, as stored beside weights.
struct InputDescription: Codable, Equatable {
  var features: Int
  /// `categories` or `reals`: what the data set holds.
  var values: String
  /// Number of categories, where the data set holds them.
  var categories: Int?
  var classes: [String]
  /// Mean and deviation of each feature, where `normalise: dataset`.
  var mean, deviation: [Double]?

  init(_ data: DataDescription, _ normalisation: InputNormalisation) {
    features = data.features
    categories = data.categories
    values = data.categories == nil ? "reals" : "categories"
    classes = data.classes
    if case .dataset(let mean, let deviation) = normalisation {
      self.mean = mean
      self.deviation = deviation
    }
  }

  /// The description that a model was built for.
  var data: DataDescription {
    DataDescription(features: features, values: categories.map { .categories(count: $0) } ?? .reals, classes: classes)
  }

  /// The normalisation that a recipe asks for, with the numbers stored here.
  func normalisation(_ recipe: InputRecipe.Normalise) -> InputNormalisation {
    switch recipe {
    case .none: .none
    case .sequence: .sequence
    case .dataset: .dataset(mean: mean ?? [], deviation: deviation ?? [])
    }
  }

  /// Says what a data set lacks to be read by a model made for this description.
  func check(_ dataset: SequenceDataset, readsCategories: Bool) throws {
    func refusal(_ difference: String) -> TrainingError {
      .data("\(dataset.path): \(difference): use data of the form of its pretraining, or pretrain on this")
    }
    guard dataset.features == features else {
      throw refusal(
        "has \(Counted.text(dataset.features, "feature")) a timestep; the encoder was made for \(features)")
    }
    guard let expected = categories, readsCategories else { return }
    switch dataset.values {
    case .reals:
      throw refusal("holds reals; the encoder embeds \(expected) categories")
    case .categories(let count):
      guard count <= expected else {
        throw refusal("has \(count) categories; the encoder was made for \(expected)")
      }
    }
  }
}
