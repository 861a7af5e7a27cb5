/// What `RUN/metrics.prom` says: how a training stands, in Prometheus's text format (version 0.0.4), for node_exporter's
/// textfile collector.
///
/// Every sample carries the label `run`. What is not known yet, or no longer, has no sample.
struct PrometheusText {
  /// The newest checkpoint.
  struct Checkpoint {
    var step: Int
    /// When it appeared, in seconds since 1970.
    var seconds: Double
  }

  /// The whole file.
  private(set) var text = ""
  private let run: String

  /// - Parameters:
  ///   - run: the run's folder, as its label.
  ///   - seconds: now, since 1970.
  init(_ status: RunStatus, run: String, checkpoint: Checkpoint?, seconds: Double) {
    self.run = run
    gauge("step", "Steps done.", Double(status.step))
    gauge("steps", "Steps of the run.", Double(status.steps))
    gauge("epoch", "Epoch of the last step, from 0.", Double(status.epoch))
    gauge("loss", "Loss of the last step.", status.loss?.value)
    gauge("accuracy", "Share of the last step's terms told correctly.", status.accuracy)
    gauge("gradient_norm", "Norm of the last step's gradient before clipping.", status.gradientNorm?.value)
    gauge("timesteps_per_second", "Timesteps per second over the last steps.", status.timestepsPerSecond)
    gauge("remaining_seconds", "Seconds that the remaining steps will take.", status.secondsLeft)
    gauge("peak_bytes", "Largest resident memory of rank 0.", status.peakBytes.map(Double.init))
    gauge("ranks", "Ranks of the job.", Double(status.ranks))
    gauge("attempt", "How often a job has begun or gone on with the run.", Double(status.attempt))
    add(
      "communication_seconds_total", "counter",
      "Seconds that rank 0 has spent in communication, waiting for others included, in this attempt.",
      [([], status.communicationSeconds)])
    add(
      "skipped_steps_total", "counter", "Steps left out in this attempt because a number was not finite.",
      [([], Double(status.skippedSteps))])
    gauge("checkpoint_step", "Step of the newest checkpoint.", checkpoint.map { Double($0.step) })
    gauge("checkpoint_timestamp_seconds", "When the newest checkpoint appeared.", checkpoint?.seconds)
    if let straggler = status.straggler {
      add(
        "straggler_slowdown", "gauge", "Seconds of the rank that others wait for over those of their median.",
        [([("rank", "\(straggler.rank)"), ("host", straggler.host)], straggler.slowdown)])
    }
    add(
      "state", "gauge", "1 for the state that the run is in.",
      RunStatus.State.allCases.map { ([("state", $0.rawValue)], $0 == status.state ? 1 : 0) })
    gauge("exit_code", "Exit code of the attempt, once it has ended.", status.exitCode.map(Double.init))
    gauge("updated_timestamp_seconds", "When this was written; a job that was killed writes no more.", seconds)
  }

  private mutating func gauge(_ name: String, _ help: String, _ value: Double?) {
    if let value { add(name, "gauge", help, [([], value)]) }
  }

  private mutating func add(
    _ name: String, _ type: String, _ help: String, _ samples: [(labels: [(String, String)], value: Double)]
  ) {
    text += "# HELP lockstep_\(name) \(help)\n# TYPE lockstep_\(name) \(type)\n"
    for (labels, value) in samples {
      let all = ([("run", run)] + labels).map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
      text += "lockstep_\(name){\(all)} \(Self.text(of: value))\n"
    }
  }

  /// A label's value: backslash, quotation mark and line feed are escaped.
  private static func escaped(_ value: String) -> String {
    value.reduce(into: "") { text, character in
      switch character {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n", "\r\n": text += "\\n"
      default: text.append(character)
      }
    }
  }

  private static func text(of value: Double) -> String {
    value.isNaN ? "NaN" : value.isInfinite ? (value > 0 ? "+Inf" : "-Inf") : "\(value)"
  }
}
