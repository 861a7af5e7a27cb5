import ArrayFiles
import FoundationEssentials

/// One checkpoint on disk: `RUN/checkpoints/step-00000200`, or a copy of it anywhere.
public struct CheckpointFolder: Sendable, Equatable {
  /// What a checkpoint gives back.
  public struct Content: Sendable {
    /// The steps that were done.
    public let step: Int
    /// The state dict.
    public let model: [NamedTensor]
    /// The optimizer's moments.
    public let optimizer: [NamedTensor]
    /// The bytes of state.json, as they were given.
    public let state: Data
    /// Where and how it was made.
    public let made: [String: String]
  }

  static let modelFile = "model.safetensors"
  static let optimizerFile = "optimizer.safetensors"
  static let stateFile = "state.json"

  /// Where it lies.
  public let path: String

  /// The checkpoint at `path`; nothing is looked at yet.
  public init(path: String) { self.path = path }

  /// The folder's own name.
  public var name: String { String(path.split(separator: "/").last ?? "") }

  /// Reads every file and compares size and SHA-256 with the manifest's; returns the step.
  ///
  /// Throws `FileError.missing` where there is no such folder, and `FileError.damaged` with the file and the reason.
  @discardableResult public func verify() throws(FileError) -> Int { try verifiedManifest().step }

  /// Verifies the checkpoint and reads it.
  public func load() throws(FileError) -> Content {
    let manifest = try verifiedManifest()
    return Content(
      step: manifest.step,
      model: try SafetensorsFile(path: file(Self.modelFile)).tensors(),
      optimizer: try SafetensorsFile(path: file(Self.optimizerFile)).tensors(),
      state: Data(try AtomicFile.read(file(Self.stateFile))),
      made: manifest.made)
  }

  /// Verifies the checkpoint and reads the state dict and the step alone: what evaluation needs.
  public func loadModel() throws(FileError) -> (step: Int, model: [NamedTensor]) {
    let manifest = try verifiedManifest()
    return (manifest.step, try SafetensorsFile(path: file(Self.modelFile)).tensors())
  }

  private func file(_ name: String) -> String { "\(path)/\(name)" }

  private func verifiedManifest() throws(FileError) -> CheckpointManifest {
    guard AtomicFile.exists(path) else {
      throw .missing(path: path, advice: "name a checkpoint that is there")
    }
    guard AtomicFile.isFolder(path) else { throw .damaged(path: path, reason: "is no folder") }
    let manifestPath = file(CheckpointManifest.name)
    let manifest: CheckpointManifest
    do {
      manifest = try CheckpointManifest.read(manifestPath)
    } catch .missing {
      throw .damaged(path: manifestPath, reason: "is missing: the checkpoint is not complete")
    }
    guard manifest.format == CheckpointManifest.knownFormat, manifest.version == CheckpointManifest.knownVersion else {
      throw .damaged(
        path: manifestPath,
        reason: "is \(manifest.format) version \(manifest.version); this program knows "
          + "\(CheckpointManifest.knownFormat) version \(CheckpointManifest.knownVersion)")
    }
    if let step = CheckpointStore.step(ofName: name), step != manifest.step {
      throw .damaged(path: manifestPath, reason: "tells of step \(manifest.step), the folder's name of step \(step)")
    }
    for name in [Self.modelFile, Self.optimizerFile, Self.stateFile] {
      guard let expected = manifest.files[name] else {
        throw .damaged(path: manifestPath, reason: "does not tell of \(name)")
      }
      try expected.verify(file(name))
    }
    return manifest
  }
}
