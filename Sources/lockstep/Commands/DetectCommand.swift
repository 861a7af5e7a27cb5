import ArgumentParser
import Foundation
import Training

struct Detect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Tell sequences that are unlike the normal ones a model was trained on.",
    discussion: """
      Examples:
        lockstep detect --model runs/kdd --data kdd --out found
        lockstep detect --model runs/pretrained --data DATA --score distance --normal walking --threshold labels --out found
      docs/detection.md tells of scores, thresholds and what is written.
      """)

  @OptionGroup var options: ModelOptions

  @Option(help: "The split that is judged: train, validation or test.", completion: .splits)
  var split = "test"

  @Option(help: "A folder that is empty or not there yet, for scores.csv and detection.json.", completion: .directory)
  var out: String

  @Option(
    help: "reconstruction: the error of an autoencoder; distance: of the embedding from those of the training split.",
    completion: .list(["reconstruction", "distance"]))
  var score = AnomalyScore.reconstruction.rawValue

  @Option(
    help: """
      Above which score a sequence is an anomaly: quantile:SHARE of the training scores, deviations:NUMBER of them above \
      their mean, labels (the best F1 on the validation split), or value:SCORE.
      """, completion: .list(["quantile:0.99", "deviations:3", "labels"]))
  var threshold = "quantile:0.99"

  @Option(help: "The classes that are normal, separated by commas; otherwise training.classes of the run.")
  var normal: String?

  func validate() throws { try refuseEmpty(("--out", out), ("--normal", normal)) }

  func run() throws {
    guard let known = AnomalyScore(rawValue: score) else {
      throw ValidationError("--score \(score): expected reconstruction or distance")
    }
    var command = DetectCommand(try options.command(split: split))
    command.score = known
    command.threshold = try AnomalyThreshold(parsing: threshold)
    command.normal = normal?.split(separator: ",").map(String.init)
    try onAllRanks { communicator in
      try command.run(to: out, communicator) { print($0.text) }
      return 0
    }
  }
}

extension DetectionReport {
  /// The report as tables for people.
  var text: String {
    func share(_ value: Double?) -> String { value.map { String(format: "%.4f", $0) } ?? "undefined" }
    func row(_ name: String, _ columns: [String]) -> String {
      let width = max(9, perClass.map(\.class.count).max() ?? 0)
      return name.padding(toLength: width, withPad: " ", startingAt: 0)
        + columns.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }.joined()
    }
    var lines = [
      "\(sequences) sequences, \(flagged) above the threshold \(threshold) (\(score.rawValue), \(rule)"
        + (trainingSequences > 0 ? ", \(trainingSequences) training sequences)" : ")")
    ]
    guard !normal.isEmpty else {
      return lines[0] + "\nno class is known to be normal (--normal): nothing to compare with"
    }
    lines += [
      "precision \(share(precision))  recall \(share(recall))  F1 \(share(f1))  ROC AUC \(share(rocAUC))  "
        + "PR AUC \(share(prAUC))",
      row("", ["below", "above"]), row("normal", confusion[0].map(String.init)),
      row("anomalous", confusion[1].map(String.init)), "",
      row("class", ["sequences", "above", "share", "normal"]),
    ]
    for entry in perClass {
      let part = share(Double(entry.flagged) / Double(entry.sequences))
      lines.append(
        row(entry.class, ["\(entry.sequences)", "\(entry.flagged)", part, entry.isNormal ? "yes" : "no"]))
    }
    return lines.joined(separator: "\n")
  }
}
