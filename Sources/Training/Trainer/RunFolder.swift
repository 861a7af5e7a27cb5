import ArrayFiles
import Checkpoints
import Foundation
import MessagePassing

/// RUN: what one training writes. Only rank 0 touches it.
struct RunFolder {
  let path: String
  var store: CheckpointStore { CheckpointStore(run: path) }
  var metricsPath: String { path + "/metrics.jsonl" }
  private var recipePath: String { path + "/recipe.yaml" }
  private var identityPath: String { path + "/run.json" }

  /// Where a run begins or goes on.
  struct Start {
    /// The checkpoint; none for a fresh start.
    var folder: CheckpointFolder?
    /// What the checkpoint holds.
    var content: CheckpointFolder.Content?
    var state: TrainingState?
    /// What to tell the user.
    var messages: [String] = []
    /// The right to write.
    var lock: RunLock
  }

  /// Decides where to begin, and makes the folder and its descriptions where there is nothing yet.
  /// - Throws: usage errors (64) for a RUN that is no run, belongs to another identity, or must be empty; damage (65)
  ///   where a history exists and none of it can be used.
  /// - Parameter say: tells the user of a wait.
  func prepare(
    _ recipe: Recipe, _ identity: RunIdentity, resume: TrainingJob.Resume, say: (String) -> Void
  ) throws -> Start {
    if AtomicFile.exists(path) && !AtomicFile.isFolder(path) {
      throw TrainingError.usage("--out \(path): is a file; a run needs a folder")
    }
    let named = try namedCheckpoint(recipe, identity, resume)
    let isNew = try !AtomicFile.exists(path) || AtomicFile.names(inFolder: path).isEmpty
    if isNew {
      try AtomicFile.createFolder(path)
    } else if resume == .never {
      throw TrainingError.usage("--resume never: \(path) is not empty; choose another --out")
    } else if AtomicFile.exists(identityPath) {
      try compare(recipe, identity)
    } else if let other = try AtomicFile.names(inFolder: path).sorted().first(where: { !Self.isOfABeginning($0) }) {
      throw TrainingError.usage("--out \(path): holds \(other) but no run (no run.json); choose another folder")
    }
    let lock = try RunLock.take(
      run: path, host: World.hostName, job: ProcessInfo.processInfo.environment["LOCKSTEP_JOB"], observe: say)
    if !AtomicFile.exists(identityPath) {
      try AtomicFile.write(recipe.resolvedYAML, to: recipePath)
      try AtomicFile.write(Array(StableJSON.encode(identity)), to: identityPath)
    }
    try store.prepareForWriting()
    var start = try begin(named, isNew: isNew, lock)
    if let state = start.state, let folder = start.folder, state.identity != identity {
      throw refusal(of: folder, state, recipe, identity)
    }
    if !isNew {
      let dropped = try MetricsFile.cutBack(metricsPath, toStep: start.state?.step ?? 0)
      if dropped > 0 {
        start.messages.append("metrics.jsonl: \(dropped) lines of steps that are run again were dropped")
      }
    }
    return start
  }

  /// Whether a name may stand in a run's folder before run.json does: what an end in its first moments leaves.
  private static func isOfABeginning(_ name: String) -> Bool {
    ["recipe.yaml", "attempts", "trace"].contains(name)
      || AtomicFile.isTemporary(name) && (name.hasPrefix(".recipe.yaml.") || name.hasPrefix(".run.json."))
  }

  /// The checkpoint that `--resume` names: verified, and one of this very run. Nothing is made or changed before.
  private func namedCheckpoint(
    _ recipe: Recipe, _ identity: RunIdentity, _ resume: TrainingJob.Resume
  ) throws -> CheckpointFolder? {
    guard case .from(let name) = resume else { return nil }
    let folder = try store.named(name, option: "--resume")
    let state = try TrainingState.decode(folder.load().state, path: folder.path + "/state.json")
    guard state.identity == identity else { throw refusal(of: folder, state, recipe, identity) }
    return folder
  }

  /// Says what another run's checkpoint differs in; of its recipe, which stands in its run's folder, the keys.
  private func refusal(
    of folder: CheckpointFolder, _ state: TrainingState, _ recipe: Recipe, _ identity: RunIdentity
  ) -> TrainingError {
    var differences = identity.differences(from: state.identity)
    if state.identity.recipe != identity.recipe {
      let run = AtomicFile.folderName(of: AtomicFile.folderName(of: folder.path))
      let stored = try? Recipe(file: run + "/recipe.yaml")
      let keys = stored.map { Recipe.differences(from: $0, to: recipe) } ?? []
      differences += keys.isEmpty ? ["the recipe"] : keys
    }
    return .usage(
      "\(folder.path): this checkpoint belongs to another run, which differs in \(differences.joined(separator: "; ")); nothing was changed"
    )
  }

  private func begin(_ named: CheckpointFolder?, isNew: Bool, _ lock: RunLock) throws -> Start {
    var start = Start(lock: lock)
    let folder: CheckpointFolder?
    if let named {
      folder = named
    } else {
      let choice = try store.newestGood()
      start.messages += choice.refused.map(\.description)
      folder = choice.folder
    }
    guard let folder else {
      if !isNew { start.messages.append("\(path) has no checkpoint yet: starting at step 0") }
      return start
    }
    let content = try folder.load()
    start.folder = folder
    start.content = content
    start.state = try TrainingState.decode(content.state, path: folder.path + "/state.json")
    start.messages.append("resuming from \(folder.name), step \(content.step)")
    return start
  }

  private func compare(_ recipe: Recipe, _ identity: RunIdentity) throws {
    let bytes = try AtomicFile.read(identityPath)
    guard let stored = try? JSONDecoder().decode(RunIdentity.self, from: Data(bytes)) else {
      throw FileError.damaged(path: identityPath, reason: "is not the description of a run")
    }
    guard stored != identity else { return }
    var differences = identity.differences(from: stored)
    if stored.recipe != identity.recipe {
      differences += Recipe.differences(from: try Recipe(file: recipePath), to: recipe)
    }
    throw TrainingError.usage(
      "\(path) belongs to another run, which differs in \(differences.joined(separator: "; ")); choose another --out")
  }

  /// The recipe of a run that is there.
  func storedRecipe() throws -> Recipe {
    guard AtomicFile.exists(path) else {
      throw FileError.missing(path: path, advice: "name the --out folder of a training")
    }
    guard AtomicFile.exists(recipePath) else {
      throw TrainingError.missing(
        "\(path): is there, but is no run (it has no recipe.yaml); name the --out folder of a training")
    }
    guard AtomicFile.exists(identityPath) || AtomicFile.exists(store.path) else {
      throw TrainingError.missing(
        "\(path): is there, but is no run (it has no checkpoints)"
          + (EncoderFolder(run: path).isThere
            ? ": an export is for other programs, and for --encoder; name the run that it was made of" : ""))
    }
    return try Recipe(file: recipePath)
  }
}

extension TrainingState {
  /// Reads state.json's bytes.
  static func decode(_ data: Data, path: String) throws -> TrainingState {
    do {
      return try JSONDecoder().decode(TrainingState.self, from: data)
    } catch {
      throw FileError.damaged(path: path, reason: "is not the state of a training: \(error)")
    }
  }
}
