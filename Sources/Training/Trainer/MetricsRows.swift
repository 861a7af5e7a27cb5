import Checkpoints

/// One line of metrics.jsonl for a step. What obeys the same-bits law: step, epoch, loss, accuracy, parts, learningRate,
/// gradientNorm, sequences and timesteps.
struct TrainMetricsRow {
  var step, epoch: Int
  /// `null` where the step was skipped.
  var loss: FiniteNumber
  var accuracy: Double?
  var parts: [String: PartLoss]?
  var learningRate: Double
  var gradientNorm: FiniteNumber
  var sequences, timesteps: Int
  /// Sequences that gave no finite loss, where the step was skipped.
  var skippedFor: [Int]?
  /// The fewest timesteps that a rank carried, and the most.
  var leastTimestepsOfRank, mostTimestepsOfRank: Int
  var seconds, timestepsPerSecond, exposedCommunicationSeconds, imbalance: Double
  /// How long rank 0 waited for the step's batch; and how long it was kept by the checkpoint of the step before, if one was
  /// begun: its snapshot, and the end of the one before it.
  var inputSeconds: Double
  var checkpointSeconds: Double?
  var peakBytes: Int

  init(_ report: StepReport, inputSeconds: Double, checkpointSeconds: Double? = nil) {
    step = report.step
    epoch = report.epoch
    loss = FiniteNumber(report.loss)
    accuracy = report.accuracy
    parts = PartLoss.byName(report.parts)
    learningRate = report.learningRate
    gradientNorm = FiniteNumber(report.gradientNorm)
    skippedFor = report.skip?.sequences
    sequences = report.sequences
    timesteps = report.timesteps
    leastTimestepsOfRank = report.timestepsOfRanks.min() ?? 0
    mostTimestepsOfRank = report.timestepsOfRanks.max() ?? 0
    seconds = report.seconds
    timestepsPerSecond = report.seconds > 0 ? Double(report.timesteps) / report.seconds : 0
    exposedCommunicationSeconds = report.exposedCommunicationSeconds
    imbalance = report.imbalance
    self.inputSeconds = inputSeconds
    self.checkpointSeconds = checkpointSeconds
    peakBytes = Memory.peakBytes
  }

  /// The row as it is written, names in order.
  var line: JSONLine {
    var line = JSONLine()
    line.add("accuracy", accuracy)
    line.add("checkpointSeconds", checkpointSeconds)
    line.add("epoch", epoch)
    line.add("exposedCommunicationSeconds", exposedCommunicationSeconds)
    line.add("gradientNorm", orNull: gradientNorm.value)
    line.add("imbalance", imbalance)
    line.add("inputSeconds", inputSeconds)
    line.add("kind", "train")
    line.add("learningRate", learningRate)
    line.add("leastTimestepsOfRank", leastTimestepsOfRank)
    line.add("loss", orNull: loss.value)
    line.add("mostTimestepsOfRank", mostTimestepsOfRank)
    line.add("parts", parts.map(PartLoss.line))
    line.add("peakBytes", peakBytes)
    line.add("seconds", seconds)
    line.add("sequences", sequences)
    line.add("skippedFor", skippedFor)
    line.add("step", step)
    line.add("timesteps", timesteps)
    line.add("timestepsPerSecond", timestepsPerSecond)
    return line
  }
}

/// A number that JSON can hold; `null` for one that is not finite.
struct FiniteNumber: Encodable {
  let value: Double
  init(_ value: Double) { self.value = value }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if value.isFinite { try container.encode(value) } else { try container.encodeNil() }
  }
}

/// One line of metrics.jsonl for a validation.
struct ValidationMetricsRow: Encodable {
  var kind = "validation"
  var step, epoch, sequences: Int
  var loss: FiniteNumber
  var accuracy, macroF1: Double?
  var parts: [String: PartLoss]?
  var isBest: Bool
}
