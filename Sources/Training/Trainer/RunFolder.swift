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
    /// What the checkpoint holds; nothing for a fresh start.
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
    let isNew = try !AtomicFile.exists(path) || AtomicFile.names(inFolder: path).isEmpty
    if isNew {
      try AtomicFile.createFolder(path)
    } else if resume == .never {
      throw TrainingError.usage("--resume never: \(path) is not empty; choose another --out")
    } else if AtomicFile.exists(identityPath) {
      try compare(recipe, identity)
    } else if try !AtomicFile.names(inFolder: path).allSatisfy({ ["recipe.yaml", "attempts"].contains($0) }) {
      throw TrainingError.usage("--out \(path): holds files but no run (no run.json); choose another folder")
    }
    let lock = try RunLock.take(
      run: path, host: World.hostName, job: ProcessInfo.processInfo.environment["LOCKSTEP_JOB"], observe: say)
    if !AtomicFile.exists(identityPath) {
      try AtomicFile.write(recipe.resolvedYAML, to: recipePath)
      try AtomicFile.write(Array(StableJSON.encode(identity)), to: identityPath)
    }
    try store.prepareForWriting()
    var start = try begin(resume, isNew: isNew, lock)
    if let state = start.state, state.identity != identity {
      throw TrainingError.usage(
        "\(path): the checkpoint belongs to another run (\(identity.differences(from: state.identity).joined(separator: "; ")))"
      )
    }
    if !isNew {
      let dropped = try MetricsFile.cutBack(metricsPath, toStep: start.state?.step ?? 0)
      if dropped > 0 {
        start.messages.append("metrics.jsonl: \(dropped) lines of steps that are run again were dropped")
      }
    }
    return start
  }

  private func begin(_ resume: TrainingJob.Resume, isNew: Bool, _ lock: RunLock) throws -> Start {
    var start = Start(lock: lock)
    let folder: CheckpointFolder?
    if case .from(let path) = resume {
      folder = CheckpointFolder(path: path)
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
    guard AtomicFile.exists(recipePath) else {
      throw FileError.missing(path: recipePath, advice: "\(path) is not a run; name the --out folder of a training")
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
