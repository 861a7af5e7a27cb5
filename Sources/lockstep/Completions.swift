import ArgumentParser
import SequenceData

/// What a shell offers for an argument.
extension CompletionKind {
  /// Recipes.
  static var recipe: CompletionKind { .file(extensions: ["yaml", "yml"]) }
  /// Names of splits.
  static var splits: CompletionKind { .list(["train", "validation", "test"]) }
  /// Checkpoints by their links; a name or folder may stand there too.
  static var checkpoints: CompletionKind { .list(["latest", "best"]) }
}
