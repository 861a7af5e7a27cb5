import ArrayFiles
import Checkpoints
import DataParallel
import MessagePassing
import Networks
import PackedTensors
import SequenceData

/// How well the input of a data set is told again: what `lockstep reconstruct --json` writes.
public struct ReconstructionReport: Codable, Equatable, Sendable {
  /// Sequences, and values of all their timesteps and features.
  public var sequences, values: Int
  /// What the model read differs from the clean input: of reals the mean square of the difference, in units of the input
  /// as the encoder reads it; of categories the share that differs.
  public var given: Double
  /// What it told again differs from the clean input.
  public var restored: Double
  /// Whether values are categories.
  public var areCategories: Bool

  /// The report as JSON. Throws `FileError` where it cannot be written.
  func write(to path: String) throws { try AtomicFile.write(Array(StableJSON.encode(self)), to: path) }
}

/// `lockstep reconstruct`: what a model of `autoencode` or `denoise` tells of a data set's sequences.
public struct ReconstructCommand: Sendable {
  /// Which model, which data.
  public var model: ModelCommand
  /// What is done to the input first: standard deviation of added noise in units of the input as the encoder reads it, and
  /// the share of values that are set to zero, or of categories that become another.
  public var noise = 0.0, mask = 0.0
  /// Whether what the model reads is written in place of what it restores.
  public var writesGiven = false
  /// The key of the noise.
  public var seed: UInt64 = 1

  /// A reconstruction of clean input.
  public init(_ model: ModelCommand) { self.model = model }

  /// Writes the restored values of the split's sequences, one after another in the order of their ids, as a float32 array
  /// `[timesteps, features]` in units of the data set; with ``writesGiven`` those that the model read.
  /// - Parameters:
  ///   - json: the file that the report is written to, if any.
  ///   - show: is given the report on rank 0, before it is written.
  public func run(
    to path: String, json: String?, _ communicator: Communicator, show: (ReconstructionReport) -> Void
  ) throws {
    let loaded = try LoadedModel(model, communicator, for: .reconstruction(), output: path)
    try loaded.agreement.requireSame(
      "\(noise) \(mask) \(seed) \(writesGiven)", of: "The noise (--noise, --mask, --seed, --given)")
    if noise > 0 && loaded.recipe.input.kind == .categories {
      throw TrainingError.usage("--noise: the model reads categories, which are no quantities; use --mask")
    }
    let ids = try loaded.chosen(model.split, labelledOnly: false)
    let user = ReconstructUser(command: self, loaded: loaded, ids: ids, path: path)
    do {
      _ = try loaded.run(ids, { try loaded.build(for: user) }) { result in
        show(result.report)
        try user.told {
          try result.writer?.close()
          try AtomicFile.move(user.aside, to: path)
        }
        if let json { try result.report.write(to: json) }
      }
    } catch {
      if communicator.rank == 0 { try? AtomicFile.remove(user.aside) }
      throw error
    }
  }
}

private struct ReconstructUser: ModelUser {
  let command: ReconstructCommand
  let loaded: LoadedModel
  let ids: [Int]
  let path: String
  /// Where the file is written until it is whole.
  var aside: String { AtomicFile.temporaryPath(for: path) }
  /// Values that are gathered to rank 0 at once; a longer sequence is gathered alone.
  private static let chunk = 1 << 24

  /// Runs `body`, whose file errors are told of the file that was meant.
  func told(_ body: () throws -> Void) throws {
    do { try body() } catch let error as FileError { throw error.toldOf(path, insteadOf: aside) }
  }

  /// Writes all values on rank 0; the writer is still to be closed.
  func use<E: Encoder, O: Objective>(
    _ model: Model<E, O>
  ) throws -> (writer: NPYWriter?, report: ReconstructionReport) {
    try loaded.load(into: model.store)
    guard let evaluator = loaded.evaluator(model) as? Evaluator<E, Autoencode> else {
      preconditionFailure("an autoencoder was built")
    }
    let (dataset, categories) = (loaded.dataset, loaded.description.categories)
    let corruption = Corruption(
      noise: command.noise, mask: command.mask,
      categories: loaded.recipe.input.kind == .categories ? categories : nil)
    func onFirstRank(_ body: () throws -> Void) throws {
      try loaded.agreement.together(exitCode: TrainingError.exitCode) {
        if loaded.communicator.rank == 0 { try told(body) }
      }
    }
    var writer: NPYWriter?
    try onFirstRank { writer = try NPYWriter(at: aside, element: .float32, rowShape: [dataset.features]) }
    var (given, restored, values) = (0.0, 0.0, 0)
    for part in chunks() {
      let result = try evaluator.reconstructions(
        part, corruption: corruption, seed: command.seed, readInstead: command.writesGiven)
      given += result.given
      restored += result.restored
      values += part.reduce(0) { $0 + dataset.length(of: $1) * dataset.features }
      try onFirstRank { for sequence in result.values { try writer?.append(sequence) } }
    }
    return (
      writer,
      ReconstructionReport(
        sequences: ids.count, values: values, given: given / Double(max(1, values)),
        restored: restored / Double(max(1, values)), areCategories: categories != nil)
    )
  }

  /// The ids in parts of about ``chunk`` values.
  private func chunks() -> [[Int]] {
    var parts: [[Int]] = []
    var room = 0
    for id in ids {
      let values = loaded.dataset.length(of: id) * loaded.dataset.features
      if parts.isEmpty || values > room {
        parts.append([])
        room = Self.chunk
      }
      parts[parts.count - 1].append(id)
      room -= values
    }
    return parts
  }
}
