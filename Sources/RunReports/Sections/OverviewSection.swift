import SequenceData
import Training

/// How one run stands, and what it is.
struct OverviewSection {
  let run: RunStory
  let examination: ModelExamination?

  var section: Page.Section {
    Page.Section(
      id: "overview", title: "Overview",
      content: element("div") {
        for problem in run.problems { Page.notice(problem) }
        if run.goesOn {
          Page.notice(
            "The run is still going: this page shows it as of step \(NumberText.count(run.step)). Make it again for news."
          )
        }
        if run.status?.state == "failed", let message = run.status?.message {
          Page.notice("The last attempt failed: \(message)")
        }
        element("dl", ["class": "tiles"]) {
          for tile in tiles {
            element("div") {
              element("dt") { tile.name }
              element("dd") { tile.value }
              if let more = tile.more { element("dd") { more } }
            }
          }
        }
        if let text = run.recipeText {
          element("details") {
            element("summary") { "The recipe, as resolved" }
            element("pre", ["tabindex": "0"]) { text }
          }
        }
      })
  }

  private var tiles: [(name: String, value: String, more: String?)] {
    let (train, status) = (run.metrics.train, run.status)
    var tiles: [(name: String, value: String, more: String?)] = [
      ("state", run.state, status?.attempt.map { "attempt \($0)" })
    ]
    if let command = run.command {
      tiles.append(("command", command, [run.objective, run.encoder].compactMap(\.self).joined(separator: " · ")))
    }
    tiles.append(
      ("steps", NumberText.count(run.step), status?.steps.map { "of \(NumberText.count($0))" }))
    if let loss = train.last("loss") { tiles.append(("last training loss", NumberText.short(loss), nil)) }
    if let best = run.best {
      let loss = best.loss.map { "loss \(NumberText.short($0))" }
      tiles.append(
        (
          "best validation",
          best.accuracy.map { NumberText.percent($0) } ?? best.loss.map { NumberText.short($0) } ?? "–",
          [best.accuracy == nil ? nil : loss, "at step \(NumberText.count(best.step))"].compactMap(\.self)
            .joined(separator: ", ")
        ))
    }
    if case .shown(let told)? = examination?.classification {
      tiles.append(
        (
          "\(told.split.name) accuracy", NumberText.percent(told.report.accuracy),
          "of \(NumberText.counted(told.report.sequences, "sequence"))"
        ))
    }
    if let labels = run.labels {
      tiles.append(
        (
          "labels", NumberText.percent(labels.fraction),
          "\(NumberText.count(labels.used)) of \(NumberText.count(labels.of))"
        ))
    }
    if let speeds = train["timestepsPerSecond"]?.filter(\.isFinite).sorted(), !speeds.isEmpty {
      let (value, unit) = Quantity.amount("").unit(forLargest: speeds[speeds.count / 2])
      let name = unit.hasSuffix("millions") ? " M" : unit.hasSuffix("thousands") ? " k" : ""
      tiles.append(
        ("timesteps/s, median", NumberText.short(speeds[speeds.count / 2] * value, digits: 3) + name, nil))
    }
    if let seconds = train["seconds"] {
      let sum = seconds.filter(\.isFinite).reduce(0, +)
      tiles.append(("time in steps", NumberText.duration(sum), nil))
    }
    if let ranks = status?.ranks {
      tiles.append(("ranks", NumberText.count(ranks), status?.hosts.map { NumberText.counted($0.count, "host") }))
    }
    if let peak = train.last("peakBytes") {
      let (factor, unit) = Quantity.bytes("").unit(forLargest: peak)
      tiles.append(("peak memory", "\(NumberText.short(peak * factor)) \(unit.suffix(3))", "of rank 0"))
    }
    return tiles
  }
}
