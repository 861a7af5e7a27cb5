import ArrayFiles

extension Recipe: Equatable {
  /// Keys that change no weight: two recipes that differ in nothing else are the same run.
  static let keysWithoutEffect: Set<String> = [
    "training.checkpointEvery", "training.keep", "training.overlap", "training.maxSkippedSteps", "training.verifyEvery",
    "training.watchdog.seconds", "training.watchdog.startSeconds", "training.watchdog.storageSeconds",
    "training.tensorboard", "training.histogramsEvery",
  ]

  /// The recipe with every default written out, in an order that never changes; reading it gives an equal recipe.
  public var resolvedYAML: String { node.yaml }

  /// SHA-256 of all that can change a weight or the choice of the best checkpoint.
  public var identity: String {
    let lines = node.leaves.filter { !Self.keysWithoutEffect.contains($0.path) }.map { "\($0.path)=\($0.text)\n" }
    return Checksum.sha256(Array(lines.joined().utf8))
  }

  /// The keys in which two recipes differ and that belong to the identity, each as `key: a → b`, in the order of the
  /// recipe; with `under` those of one section only, such as `model.encoder`.
  public static func differences(from old: Recipe, to new: Recipe, under section: String = "") -> [String] {
    let relevant = { (leaf: (path: String, text: String)) in
      !keysWithoutEffect.contains(leaf.path) && (section.isEmpty || leaf.path.hasPrefix(section + "."))
    }
    let before = old.node.leaves.filter(relevant)
    let after = new.node.leaves.filter(relevant)
    let oldTexts = Dictionary(uniqueKeysWithValues: before.map { ($0.path, $0.text) })
    let newTexts = Dictionary(uniqueKeysWithValues: after.map { ($0.path, $0.text) })
    let changed = before.compactMap { leaf -> String? in
      let text = newTexts[leaf.path]
      return text == leaf.text ? nil : "\(leaf.path): \(leaf.text) → \(text ?? "(none)")"
    }
    let added = after.filter { oldTexts[$0.path] == nil }.map { "\($0.path): (none) → \($0.text)" }
    return changed + added
  }

  /// Whether every key is equal.
  public static func == (first: Recipe, second: Recipe) -> Bool { first.resolvedYAML == second.resolvedYAML }
}
