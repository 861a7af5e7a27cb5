import ArrayFiles
import FoundationEssentials
import Training

/// A run that somebody watches: what its files say now.
struct WatchedRun {
  let path: String
  private(set) var metrics: RunMetrics
  private(set) var status: RunStatusFile?
  /// What cannot be read of the metrics, in words.
  private(set) var problem: String?

  /// - Throws: 66 where there is nothing, or no run.
  init(_ path: String) throws {
    guard AtomicFile.exists(path) else {
      throw FileError.missing(path: path, advice: "name the --out folder of a training")
    }
    guard RunFolders.isRun(path) else {
      throw TrainingError.missing(
        "\(path): is there, but is no run (it has none of \(RunFolders.signs.joined(separator: ", "))); name the --out folder of a training"
      )
    }
    self.path = path
    metrics = RunMetrics(file: path + "/metrics.jsonl")
    update()
  }

  /// Reads what is new.
  mutating func update() {
    // A status that is just being replaced, or is gone for a moment on a shared folder, is the last one.
    status = RunStatusFile(run: path) ?? status
    do {
      try metrics.update()
      problem = nil
    } catch {
      if case .missing = error { problem = nil } else { problem = "\(error)" }
    }
  }

  /// The curves that there are, the most important ones first.
  var curves: [Curve] {
    let waiting = Curve(
      "waiting for communication, s", metrics, "exposedCommunicationSeconds", text: ProgressText.short)
    // Of several objectives each has a loss: `parts.masked.loss`.
    let parts = metrics.train.names.filter { $0.hasPrefix("parts.") && $0.hasSuffix(".loss") }.map { name in
      Curve("loss of \(name.split(separator: ".")[1])", metrics, name, validation: true, text: ProgressText.short)
    }
    return [
      Curve("loss", metrics, "loss", validation: true, text: ProgressText.short),
      Curve("accuracy", metrics, "accuracy", validation: true, text: ProgressText.percent),
      Curve("timesteps/s", metrics, "timestepsPerSecond", text: ProgressText.rate),
      Curve("gradient norm", metrics, "gradientNorm", text: ProgressText.short),
      Curve("learning rate", metrics, "learningRate", text: ProgressText.short),
    ].filter { !$0.isEmpty } + parts + (waiting.isEmpty || status?.ranks == 1 ? [] : [waiting])
  }
}
