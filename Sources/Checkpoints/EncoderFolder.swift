import ArrayFiles
import FoundationEssentials

/// The product of pretraining: `RUN/encoder/{encoder.safetensors, config.json}`, which appears whole or not at all.
public struct EncoderFolder: Sendable, Equatable {
  /// config.json: what the caller says of the encoder, and what the weights must be.
  private struct Configuration<Content: Codable>: SealedJSON {
    var format = "lockstep-encoder"
    var version = 1
    let weights: CheckpointManifest.File
    let encoder: Content
    var seal = Self.blank
  }

  static let weightsFile = "encoder.safetensors"
  static let configurationFile = "config.json"

  /// Where it lies.
  public let path: String

  /// The folder at `path`; nothing is looked at yet.
  public init(path: String) { self.path = path }

  /// The encoder of a run.
  public init(run: String) { self.init(path: "\(run)/encoder") }

  /// Whether an encoder has been published here; it is not looked at.
  public var isThere: Bool { AtomicFile.exists("\(path)/\(Self.configurationFile)") }

  /// The encoder that is meant by a path to a run, an export or an encoder folder.
  ///
  /// Throws `FileError.missing` where neither is there.
  public static func locate(_ path: String) throws(FileError) -> EncoderFolder {
    let (own, below) = (EncoderFolder(path: path), EncoderFolder(run: path))
    // An export has a config.json too, that of the whole model, and its encoder below.
    let isOfModel = below.isThere && !AtomicFile.exists("\(path)/\(weightsFile)")
    if own.isThere && !isOfModel { return own }
    if below.isThere { return below }
    guard AtomicFile.exists(path) else {
      throw .missing(path: path, advice: "name a finished run or an encoder folder")
    }
    throw .missing(
      path: "\(path)/\(weightsFile)",
      advice: "\(path) is there, but is neither a finished run nor an encoder folder (\(weightsFile) and "
        + "\(configurationFile))")
  }

  /// Publishes an encoder, replacing the one that is there in one exchange.
  ///
  /// `configuration` is the caller's, of any type that gives JSON. Throws `FileError.inputOutput`; nothing is left
  /// then.
  public func publish(_ tensors: [NamedTensor], configuration: some Codable) throws(FileError) {
    let temporary = AtomicFile.temporaryPath(for: path)
    try AtomicFile.remove(temporary)
    do throws(FileError) {
      try AtomicFile.createFolder(temporary)
      var weights = try AtomicFile.Writer(creating: "\(temporary)/\(Self.weightsFile)")
      try SafetensorsFile.write(tensors, to: &weights)
      let written = try weights.finish()
      let configuration = Configuration(
        weights: .init(bytes: written.bytes, sha256: written.sha256), encoder: configuration)
      var writer = try AtomicFile.Writer(creating: "\(temporary)/\(Self.configurationFile)")
      try writer.write(configuration.sealed())
      _ = try writer.finish()
      try AtomicFile.publishFolder(temporary, as: path)
    } catch {
      try? AtomicFile.remove(temporary)
      throw error.toldOf(path, insteadOf: temporary)
    }
  }

  /// Reads an encoder and checks it against its configuration.
  ///
  /// Throws `FileError.missing` where a file is not there and `FileError.damaged` with what is wrong.
  public func read<Content: Codable>(
    _ type: Content.Type
  ) throws(FileError) -> (tensors: [NamedTensor], configuration: Content) {
    let configurationPath = "\(path)/\(Self.configurationFile)"
    let configuration = try Configuration<Content>.read(configurationPath)
    guard configuration.format == "lockstep-encoder", configuration.version == 1 else {
      throw .damaged(
        path: configurationPath,
        reason:
          "is \(configuration.format) version \(configuration.version); this program knows lockstep-encoder version 1")
    }
    let weightsPath = "\(path)/\(Self.weightsFile)"
    try configuration.weights.verify(weightsPath)
    return (try SafetensorsFile(path: weightsPath).tensors(), configuration.encoder)
  }
}
