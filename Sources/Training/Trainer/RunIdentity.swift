import ArrayFiles
import Checkpoints

/// What makes two runs the same: stored as RUN/run.json and compared on resuming. Nothing of time, host, ranks or
/// paths.
struct RunIdentity: Codable, Equatable {
  var format = "lockstep-run"
  var version = 1
  /// The command.
  var command: TrainingJob.Command
  /// `Recipe.identity`.
  var recipe: String
  /// The data set's fingerprint.
  var dataset: String
  /// The sequences that are trained on.
  var sequences: String
  /// SHA-256 of the pretrained weights, where there are any.
  var encoder: String?
  /// Whether the encoder is frozen.
  var isProbe: Bool

  /// What differs, each named as the user knows it. The recipe's differing keys are told by their own comparison.
  func differences(from stored: RunIdentity) -> [String] {
    var names: [String] = []
    if command != stored.command { names.append("command: \(stored.command.rawValue) → \(command.rawValue)") }
    if dataset != stored.dataset { names.append("--data: another data set") }
    if sequences != stored.sequences && dataset == stored.dataset {
      names.append(
        command == .pretrain
          ? "--data-fraction or --include-splits: other sequences"
          : "--label-fraction or --label-groups: other labels")
    }
    if encoder != stored.encoder { names.append("--encoder: other weights") }
    if isProbe != stored.isProbe { names.append("--probe: \(stored.isProbe) → \(isProbe)") }
    return names
  }
}
