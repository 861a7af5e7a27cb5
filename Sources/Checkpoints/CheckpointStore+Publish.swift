import ArrayFiles

extension CheckpointStore {
  /// Publishes a checkpoint: written aside, synced, renamed, then named by `best`, where it is the best, and by `latest`;
  /// then those beyond `keep` are removed.
  ///
  /// A folder of the same step is replaced in one exchange. Whatever fails (`ENOSPC`: `FileError.inputOutput`), what
  /// was written aside is removed and every earlier checkpoint stands as it stood. O(bytes written), one pass.
  /// - Parameter lock: looked at last before the checkpoint appears, and again before each link: a job that was stopped in
  ///   between must not name an older step than the one that took the run over. Its error is thrown, and nothing more is
  ///   published.
  public func publish(_ snapshot: CheckpointSnapshot, keep: Int, lock: RunLock? = nil) throws {
    try AtomicFile.createFolder(path)
    let folder = folder(step: snapshot.step)
    let temporary = AtomicFile.temporaryPath(for: folder.path)
    try AtomicFile.remove(temporary)
    do {
      try AtomicFile.createFolder(temporary)
      try write(snapshot, to: temporary)
      try lock?.check()
      try AtomicFile.publishFolder(temporary, as: folder.path)
    } catch {
      try? AtomicFile.remove(temporary)
      // Whoever has taken the run over has removed what was being written aside: that is the reason, not the missing file.
      try lock?.check()
      throw (error as? FileError)?.toldOf(folder.path, insteadOf: temporary) ?? error
    }
    // `latest` last: a run that ends between the two takes this step again, and would not if `best` were still missing.
    if snapshot.isBest { try point(.best, at: snapshot.step, lock: lock) }
    try point(.latest, at: snapshot.step, lock: lock)
    try retain(keep, upTo: snapshot.step)
  }

  /// Lets a link name a step whose folder is there.
  /// - Parameter lock: looked at before; its error is thrown, and the link stays as it is.
  func point(_ link: Link, at step: Int, lock: RunLock?) throws {
    try lock?.check()
    try AtomicFile.replaceSymbolicLink(at: "\(path)/\(link.rawValue)", target: Self.name(ofStep: step))
  }

  private func write(_ snapshot: CheckpointSnapshot, to folder: String) throws(FileError) {
    func file(
      _ name: String, _ body: (inout AtomicFile.Writer) throws(FileError) -> Void
    ) throws(FileError) -> CheckpointManifest.File {
      var writer = try AtomicFile.Writer(creating: "\(folder)/\(name)")
      try body(&writer)
      let written = try writer.finish()
      return .init(bytes: written.bytes, sha256: written.sha256)
    }
    let model = try file(CheckpointFolder.modelFile) { (writer: inout AtomicFile.Writer) throws(FileError) in
      try SafetensorsFile.write(snapshot.model, to: &writer)
    }
    let optimizer = try file(CheckpointFolder.optimizerFile) { (writer: inout AtomicFile.Writer) throws(FileError) in
      try SafetensorsFile.write(snapshot.optimizer, to: &writer)
    }
    let state = try file(CheckpointFolder.stateFile) { (writer: inout AtomicFile.Writer) throws(FileError) in
      try writer.write(Array(snapshot.state))
    }
    let manifest = CheckpointManifest(
      step: snapshot.step,
      files: [
        CheckpointFolder.modelFile: model, CheckpointFolder.optimizerFile: optimizer, CheckpointFolder.stateFile: state,
      ],
      made: snapshot.made)
    _ = try file(CheckpointManifest.name) { (writer: inout AtomicFile.Writer) throws(FileError) in
      try writer.write(manifest.sealed())
    }
  }

  /// Removes all but the newest `keep` up to `step` and what the links name.
  ///
  /// Later ones stay: a run that went back to an earlier step will write them again, and they hold the same bits. A
  /// folder is renamed, durably, before it is emptied, so that no half of one has a checkpoint's name.
  private func retain(_ keep: Int, upTo step: Int) throws(FileError) {
    precondition(keep >= 1, "keeping \(keep) checkpoints")
    var named: Set<Int> = []
    for link in Link.allCases {
      let target = AtomicFile.targetOfSymbolicLink(at: "\(path)/\(link.rawValue)")
      if let step = target.flatMap(Self.step(ofName:)) { named.insert(step) }
    }
    let older = try steps().filter { $0 <= step }
    for step in older.dropLast(keep) where !named.contains(step) {
      let place = folder(step: step).path
      let aside = AtomicFile.temporaryPath(for: place)
      try AtomicFile.move(place, to: aside)
      try AtomicFile.syncFolder(path)
      try AtomicFile.remove(aside)
    }
  }
}
