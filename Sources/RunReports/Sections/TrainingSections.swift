/// The sections about how training went: learning, speed, balance over ranks, memory.
struct TrainingSections {
  let runs: [RunStory]
  private var figures: CurveFigures { CurveFigures(runs: runs) }

  private static func column(_ name: String) -> (RunStory) -> [Double]? { { $0.metrics.train[name] } }

  /// Loss, accuracy, learning rate and gradient norm.
  var learning: Page.Section {
    let isSingle = runs.count == 1
    let skipped = runs.map { run in
      zip(run.metrics.train.steps, run.metrics.train["loss"] ?? []).filter { !$0.1.isFinite }.map(\.0)
    }
    var plots: [Markup?] = [
      figures.figure(
        id: "loss", title: isSingle ? "Loss" : "Training loss",
        isSingle
          ? "Loss of each training step, and of the validation split." : "Loss of each training step of each run.",
        quantity: .number("loss"), curves: [("training", Self.column("loss"))], validation: isSingle ? "loss" : nil,
        notches: { _ in skipped[0] })
    ]
    if !isSingle {
      plots.append(
        figures.figure(
          id: "validation-loss", title: "Validation loss", "Loss of the validation split of each run.",
          quantity: .number("loss"), curves: [], validation: "loss"))
    }
    plots.append(
      figures.figure(
        id: "accuracy", title: isSingle ? "Accuracy" : "Validation accuracy", "Share that is told correctly.",
        quantity: .share("accuracy"), kind: .linear, curves: isSingle ? [("training", Self.column("accuracy"))] : [],
        validation: "accuracy"))
    plots += parts
    plots += [
      figures.figure(
        id: "learning-rate", title: "Learning rate", "Learning rate of each step.", quantity: .number("learning rate"),
        includesZero: true, kind: .linear, curves: [("learning rate", Self.column("learningRate"))]),
      figures.figure(
        id: "gradient-norm", title: "Gradient norm", "Norm of the gradient before clipping, step by step.",
        quantity: .number("norm"), curves: [("gradient norm", Self.column("gradientNorm"))]),
    ]
    var content = Markup()
    for (run, steps) in zip(runs, skipped) where !steps.isEmpty && !run.metrics.train.steps.isEmpty {
      content += Page.notice(
        "\(run.name): \(NumberText.counted(steps.count, "step")) had no finite loss and changed nothing: "
          + steps.prefix(12).map { NumberText.short($0, digits: 9) }.joined(separator: ", ")
          + (steps.count > 12 ? ", …" : "") + (isSingle ? ". Marked at the upper edge of the loss." : "."))
    }
    content += body(plots)
    return Page.Section(id: "learning", title: "Learning", content: content)
  }

  /// The losses of which one objective is made.
  private var parts: [Markup?] {
    guard runs.count == 1 else { return [] }
    let table = runs[0].metrics.train
    let names = table.names.filter { $0.hasPrefix("parts.") && $0.hasSuffix(".loss") }.sorted()
    guard !names.isEmpty else { return [] }
    return [
      figures.figure(
        id: "parts", title: "Parts of the loss", "The mean loss of each objective that is minimised with others.",
        quantity: .number("loss"),
        curves: names.map { name in (String(name.dropFirst(6).dropLast(5)), Self.column(name)) })
    ]
  }

  /// Timesteps a second, and where a step's time goes.
  var speed: Page.Section {
    var plots = [
      figures.figure(
        id: "timesteps", title: "Speed", "Timesteps that a second of each step got through.",
        quantity: .amount("timesteps/s"), includesZero: true, kind: .linear,
        curves: [("timesteps/s", Self.column("timestepsPerSecond"))])
    ]
    if runs.count == 1 {
      plots.append(
        figures.figure(
          id: "step-time", title: "Where a step's time goes",
          "Seconds of each step: all of it, communication that nothing hides, and waiting for the batch.",
          quantity: .seconds("time"), kind: .logarithmic,
          curves: [
            ("whole step", Self.column("seconds")),
            ("exposed communication", Self.column("exposedCommunicationSeconds")),
            ("waiting for the batch", Self.column("inputSeconds")),
          ]))
    }
    plots.append(
      figures.figure(
        id: "exposed", title: "Exposed communication",
        "Share of each step's time that communication takes and nothing hides, waiting for slower ranks included.",
        quantity: .share("share of the step"), includesZero: true, kind: .linear,
        curves: [
          (
            "exposed communication",
            { run in
              guard let exposed = run.metrics.train["exposedCommunicationSeconds"],
                let all = run.metrics.train["seconds"]
              else { return nil }
              return zip(exposed, all).map { $1 > 0 ? $0 / $1 : .nan }
            }
          )
        ]))
    return Page.Section(id: "speed", title: "Speed", content: body(plots))
  }

  /// How evenly ranks shared the work.
  var balance: Page.Section {
    var content = Markup()
    for run in runs {
      guard let balance = RunBalance(run) else { continue }
      content += element("p") {
        if runs.count > 1 { element("bdi") { run.name }; ": " }
        balance.sentence
      }
    }
    let isShared = runs.contains { (RunBalance($0)?.mostRanks ?? 1) > 1 }
    if isShared {
      var plots = [
        figures.figure(
          id: "imbalance", title: "Imbalance",
          "The fullest rank's timesteps over the mean of all ranks: 1 is a perfect balance.",
          quantity: .number("largest / mean"), curves: [("imbalance", Self.column("imbalance"))])
      ]
      if runs.count == 1 {
        plots.append(
          figures.figure(
            id: "ranks", title: "Timesteps of a rank",
            "The most and the fewest timesteps that a rank carried in a step.",
            quantity: .amount("timesteps"), includesZero: true, kind: .linear,
            curves: [
              ("most of a rank", Self.column("mostTimestepsOfRank")),
              ("fewest of a rank", Self.column("leastTimestepsOfRank")),
            ]))
      }
      content += body(plots)
    }
    if content.source.isEmpty { content = Page.notice("No step tells of ranks yet.") }
    return Page.Section(id: "balance", title: "Balance over ranks", content: content)
  }

  /// Resident memory.
  var memory: Page.Section {
    Page.Section(
      id: "memory", title: "Memory",
      content: body([
        figures.figure(
          id: "peak", title: "Peak memory of rank 0", "The most resident memory of rank 0's process up to each step.",
          quantity: .bytes("memory"), includesZero: true, kind: .linear, curves: [("peak", Self.column("peakBytes"))])
      ]))
  }

  private func body(_ plots: [Markup?]) -> Markup {
    let drawn = plots.compactMap(\.self)
    return drawn.isEmpty ? Page.notice("Nothing to draw: no step of this has been written.") : Page.figures(drawn)
  }
}
