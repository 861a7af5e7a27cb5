/// The labels that a round of pseudo-labelling guessed: part of a run's state, since the weights that guessed them are
/// gone after the next step.
struct GuessedLabels: Codable, Equatable {
  /// The round, from 1.
  var round: Int
  /// The first step, from 0, and the first epoch that are trained with them.
  var step, epoch: Int
  /// By what a guessed sequence's loss is multiplied.
  var weight: Float
  /// The sequences, ascending, and the class of each.
  var ids, classes: [Int]

  /// The class that was guessed for a sequence. Complexity: O(log n).
  subscript(id: Int) -> Int? {
    var (low, high) = (0, ids.count)
    while low < high {
      let middle = (low + high) / 2
      if ids[middle] < id { low = middle + 1 } else { high = middle }
    }
    return low < ids.count && ids[low] == id ? classes[low] : nil
  }
}

/// A class that a model told of a sequence, and how probable it is to it.
struct ClassGuess: Equatable {
  var id, label: Int
  var probability: Double
}

extension [ClassGuess] {
  /// Those at least as probable as `threshold`, of each class at most `perClass`, the most probable first and of equals
  /// the lower id; in the order of ids.
  func chosen(threshold: Double, perClass: Int?) -> [ClassGuess] {
    let sure = filter { $0.probability >= threshold }.sorted {
      $0.probability != $1.probability ? $0.probability > $1.probability : $0.id < $1.id
    }
    var taken: [Int: Int] = [:]
    var chosen: [ClassGuess] = []
    for guess in sure where taken[guess.label, default: 0] < perClass ?? .max {
      taken[guess.label, default: 0] += 1
      chosen.append(guess)
    }
    return chosen.sorted { $0.id < $1.id }
  }
}
