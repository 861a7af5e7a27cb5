import MessagePassing
import SequenceData

/// Mean and deviation of each feature over the training split, or over some classes of it, for `normalise: dataset`.
enum DatasetMoments {
  /// Groups of sequences whose sums are formed one by one; their number is fixed so that no partition over ranks shows.
  private static let groups = 64

  /// The normalisation by the training split's moments: every rank reads its share, all get the same bits.
  /// Complexity: one read of the training split, spread over ranks.
  static func fit(
    _ dataset: SequenceDataset, _ classes: ChosenClasses, communicator: Communicator
  ) throws -> InputNormalisation {
    let ids = (0..<dataset.count).filter { dataset.split(of: $0) == .train && classes.contain($0) }
    let features = dataset.features
    guard !ids.isEmpty else {
      throw TrainingError.data(
        "\(dataset.path): normalise: dataset needs sequences\(classes.words) in the training split; there are none")
    }
    // Rows [count, Σ x, Σ x²] about the first value of the first sequence, which keeps digits where the mean is far
    // from zero.
    let pivot = try values(of: ids[0], dataset).prefix(features).map(Double.init)
    let width = 1 + 2 * features
    var sums = [Double](repeating: 0, count: groups * width)
    for group in stride(from: communicator.rank, to: groups, by: communicator.size) {
      communicator.activity.enter(.starting)
      for id in ids[group * ids.count / groups..<(group + 1) * ids.count / groups] {
        let x = try values(of: id, dataset)
        sums[group * width] += Double(x.count / features)
        for (index, value) in x.enumerated() {
          let feature = index % features
          let d = Double(value) - pivot[feature]
          sums[group * width + 1 + feature] += d
          sums[group * width + 1 + features + feature] += d * d
        }
      }
    }
    try communicator.allReduce(&sums, .sum)  // each value is zero on all ranks but one: exact
    var total = [Double](repeating: 0, count: width)
    for group in 0..<groups { for k in 0..<width { total[k] += sums[group * width + k] } }
    let n = max(1, total[0])
    let offsets = (0..<features).map { total[1 + $0] / n }
    return .dataset(
      mean: (0..<features).map { pivot[$0] + offsets[$0] },
      deviation: (0..<features).map { max(0, total[1 + features + $0] / n - offsets[$0] * offsets[$0]).squareRoot() })
  }

  private static func values(of id: Int, _ dataset: SequenceDataset) throws -> [Float] {
    var values = [Float](repeating: 0, count: dataset.length(of: id) * dataset.features)
    try values.withUnsafeMutableBufferPointer { try dataset.copyValues(of: id, into: $0) }
    return values
  }
}
