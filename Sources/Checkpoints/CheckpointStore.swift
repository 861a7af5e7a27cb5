import ArrayFiles

/// The checkpoints of a run: `RUN/checkpoints/step-00000200` and the links `latest` and `best`.
///
/// Making one looks at nothing and changes nothing. One process alone may write: rank 0 of the training.
public struct CheckpointStore: Sendable {
  /// The two names that a checkpoint can have beside its own.
  public enum Link: String, Sendable, CaseIterable {
    /// The last one that was published.
    case latest
    /// The one with the best validation.
    case best
  }

  /// The run's folder.
  public let run: String

  /// The checkpoints of the run in the folder `run`.
  public init(run: String) { self.run = run }

  /// Where the checkpoints lie.
  public var path: String { "\(run)/checkpoints" }

  /// The checkpoint of a step, be it there or not.
  public func folder(step: Int) -> CheckpointFolder { CheckpointFolder(path: "\(path)/\(Self.name(ofStep: step))") }

  /// The steps of which there are folders, rising; whether they are whole is not looked at.
  public func steps() throws(FileError) -> [Int] {
    guard AtomicFile.exists(path) else { return [] }
    return try AtomicFile.names(inFolder: path).compactMap(Self.step(ofName:)).sorted()
  }

  /// The step that a link names; nil where there is no such link.
  ///
  /// Throws `FileError.damaged` where it is no link to a step or the folder that it names is not there.
  public func step(of link: Link) throws(FileError) -> Int? {
    let place = "\(path)/\(link.rawValue)"
    guard AtomicFile.exists(place) else { return nil }
    guard let target = AtomicFile.targetOfSymbolicLink(at: place) else {
      throw .damaged(path: place, reason: "is no symbolic link")
    }
    guard let step = Self.step(ofName: target) else {
      throw .damaged(path: place, reason: "names '\(target)', which is no checkpoint's name")
    }
    guard AtomicFile.isFolder("\(path)/\(target)") else {
      throw .damaged(path: place, reason: "names \(target), which is not there")
    }
    return step
  }

  /// Makes the folders and ends what a process that died while it wrote has left.
  public func prepareForWriting() throws(FileError) {
    try AtomicFile.createFolder(path)
    for folder in [run, path] {
      try AtomicFile.recoverFolders(in: folder)
      try AtomicFile.removeTemporaries(inFolder: folder)
    }
  }

  /// `step-00000200`.
  public static func name(ofStep step: Int) -> String {
    "step-" + step.eightDigits
  }

  /// The step in a folder's name; nil for any other name, such as one with other zeros in front.
  static func step(ofName name: String) -> Int? {
    guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)), step >= 0 else { return nil }
    return self.name(ofStep: step) == name ? step : nil
  }
}
