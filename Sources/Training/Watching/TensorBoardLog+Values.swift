import ArrayFiles

extension TensorBoardLog {
  /// Adds a step.
  func add(_ row: TrainMetricsRow) {
    guard hasPoint(at: row.step) else { return }
    var values: [TensorBoardSummary] = [
      .scalar("train/loss", row.loss.value), .scalar("train/learningRate", row.learningRate),
      .scalar("train/gradientNorm", row.gradientNorm.value), .scalar("train/epoch", Double(row.epoch)),
      .scalar("speed/timestepsPerSecond", row.timestepsPerSecond), .scalar("speed/seconds", row.seconds),
      .scalar("speed/exposedCommunicationSeconds", row.exposedCommunicationSeconds),
      .scalar("speed/inputSeconds", row.inputSeconds),
      .scalar("speed/checkpointSeconds", row.checkpointSeconds ?? 0), .scalar("speed/imbalance", row.imbalance),
      .scalar("speed/peakBytes", Double(row.peakBytes)),
    ]
    if let accuracy = row.accuracy { values.append(.scalar("train/accuracy", accuracy)) }
    add(values + TensorBoardLog.values(of: row.parts, under: "train"), step: row.step)
  }

  /// Adds a validation.
  /// - Parameter confusion: `[true][predicted]`, of a classifier.
  func add(_ row: ValidationMetricsRow, confusion: [[Int]]?) {
    var values: [TensorBoardSummary] = [.scalar("validation/loss", row.loss.value)]
    if let accuracy = row.accuracy { values.append(.scalar("validation/accuracy", accuracy)) }
    if let macroF1 = row.macroF1 { values.append(.scalar("validation/macroF1", macroF1)) }
    if let picture = confusion.flatMap(ConfusionPicture.image) {
      values.append(.image("validation/confusion", picture))
    }
    add(values + TensorBoardLog.values(of: row.parts, under: "validation"), step: row.step)
  }

  /// Adds how weights and gradients are distributed after a step.
  func add(_ histograms: [StepHistogram], step: Int) {
    add(
      histograms.flatMap { tensor in
        [
          tensor.weights.map { .histogram("weights/\(tensor.name)", $0) },
          tensor.gradient.map { .histogram("gradients/\(tensor.name)", $0) },
        ].compactMap(\.self)
      }, step: step)
  }

  /// Adds that all steps are done.
  func addEnd(step: Int) { add([.parameters(.success(endSeconds: TensorBoardLog.now))], step: step) }

  private static func values(of parts: [String: PartLoss]?, under section: String) -> [TensorBoardSummary] {
    (parts ?? [:]).sorted { $0.key < $1.key }.flatMap { name, part in
      [.scalar("\(section)/\(name)/loss", part.loss)]
        + (part.accuracy.map { [.scalar("\(section)/\(name)/accuracy", $0)] } ?? [])
    }
  }
}

extension Recipe {
  /// Every key that can change a weight, as TensorBoard's table of hyper-parameters shows it.
  var hyperParameters: [(name: String, value: HyperParameters.Value)] {
    node.leaves.filter { !Self.keysWithoutEffect.contains($0.path) }.map { leaf in
      switch leaf.text {
      case "true": (leaf.path, .flag(true))
      case "false": (leaf.path, .flag(false))
      default: (leaf.path, Double(leaf.text).map { .number($0) } ?? .text(leaf.text))
      }
    }
  }
}
