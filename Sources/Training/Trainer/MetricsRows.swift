/// One line of metrics.jsonl for a step. What obeys the same-bits law: step, epoch, loss, accuracy, learningRate,
/// gradientNorm, sequences and timesteps.
struct TrainMetricsRow: Encodable {
  var kind = "train"
  var step, epoch: Int
  var loss: Double
  var accuracy: Double?
  var learningRate, gradientNorm: Double
  var sequences, timesteps: Int
  /// The fewest timesteps that a rank carried, and the most.
  var leastTimestepsOfRank, mostTimestepsOfRank: Int
  var seconds, timestepsPerSecond, exposedCommunicationSeconds, imbalance: Double
  var peakBytes: Int

  init(_ report: StepReport) {
    step = report.step
    epoch = report.epoch
    loss = report.loss
    accuracy = report.accuracy
    learningRate = report.learningRate
    gradientNorm = report.gradientNorm
    sequences = report.sequences
    timesteps = report.timesteps
    leastTimestepsOfRank = report.timestepsOfRanks.min() ?? 0
    mostTimestepsOfRank = report.timestepsOfRanks.max() ?? 0
    seconds = report.seconds
    timestepsPerSecond = report.seconds > 0 ? Double(report.timesteps) / report.seconds : 0
    exposedCommunicationSeconds = report.exposedCommunicationSeconds
    imbalance = report.imbalance
    peakBytes = Memory.peakBytes
  }
}

/// One line of metrics.jsonl for a validation.
struct ValidationMetricsRow: Encodable {
  var kind = "validation"
  var step, epoch, sequences: Int
  var loss: Double
  var accuracy, macroF1: Double?
  var isBest: Bool
}
