import ArrayFiles

extension CheckpointStore {
  /// The checkpoint that a person means: `latest`, `best`, a name within the run such as `step-00000200`, or the path of
  /// a checkpoint's folder.
  ///
  /// Throws `FileError.missing` where there is none, with those that there are.
  /// - Parameter option: the option that named it, for the error.
  public func named(_ name: String, option: String) throws(FileError) -> CheckpointFolder {
    if let link = Link(rawValue: name) {
      if let step = try step(of: link) { return folder(step: step) }
      throw .missing(path: "\(path)/\(name)", advice: "\(option) \(name): \(try choices())")
    }
    if let step = Self.step(ofName: name), AtomicFile.exists(folder(step: step).path) { return folder(step: step) }
    guard AtomicFile.exists(name) else {
      throw .missing(path: name, advice: "\(option): it is no folder, and no checkpoint of \(run); \(try choices())")
    }
    return CheckpointFolder(path: name)
  }

  /// The names of the checkpoints that verify, newest first: what is left where one is damaged.
  public func good() throws(FileError) -> [String] {
    var names: [String] = []
    for step in try steps().reversed() where (try? folder(step: step).verify()) != nil {
      names.append(Self.name(ofStep: step))
    }
    return names
  }

  private func choices() throws(FileError) -> String {
    let names = try steps().suffix(10).map(Self.name(ofStep:))
    return names.isEmpty ? "the run has no checkpoint yet" : "the run has \(names.joined(separator: ", "))"
  }
}
