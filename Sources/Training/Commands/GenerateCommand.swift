import ArrayFiles
import Checkpoints
import DataParallel
import MessagePassing
import Networks
import PackedTensors
import SequenceData

/// What was made.
public struct GenerationReport: Sendable {
  /// Sequences, and their timesteps.
  public var sequences, timesteps: Int
  /// Samples beyond full scale, which are clipped in recordings.
  public var clipped: Int
}

/// `lockstep generate`: sequences that a model of `adversarial` makes, as a data set and as recordings.
public struct GenerateCommand: Sendable {
  /// Where the lengths of what is made come from.
  public enum Lengths: Sendable {
    /// Drawn evenly from a range.
    case within(ClosedRange<Int>)
    /// Those of the sequences of a data set, drawn evenly.
    case like(dataset: String)
  }

  /// Run whose model is used.
  public var model: String
  /// `latest`, `best` or a checkpoint's folder; none: the best if validation ran, else the latest.
  public var checkpoint: String?
  /// Number of sequences.
  public var sequences: Int
  /// Their lengths.
  public var lengths: Lengths
  /// The key of all draws.
  public var seed: UInt64 = 1
  /// Compute threads of each rank.
  public var threads = 1

  /// A command on a model.
  public init(model: String, checkpoint: String?, sequences: Int, lengths: Lengths) {
    self.model = model
    self.checkpoint = checkpoint
    self.sequences = sequences
    self.lengths = lengths
  }

  /// Writes a data set into an empty or new folder, in the data set's units, and a recording of each sequence to
  /// `wav/0.wav` and so on within it. The same bits on any number of ranks.
  public func run(
    to path: String, _ communicator: Communicator, show: (GenerationReport) -> Void
  ) throws {
    let watchdog = try ComputeEnvironment.prepare(communicator, threads: threads)
    defer { withExtendedLifetime(watchdog) {} }
    let agreement = Agreement(communicator: communicator)
    _ = try agreement.fromFirstRank(exitCode: TrainingError.exitCode) {
      try OutputPlace.check(folder: path)
      return []
    }
    let weights = try UsedWeights.load(
      ModelCommand(model: model, checkpoint: checkpoint, data: "", split: nil), for: .generation, agreement,
      communicator)
    let chosen = try agreement.together(exitCode: TrainingError.exitCode) { try drawLengths() }
    try agreement.requireSame("\(seed) \(chosen)", of: "What is made (--sequences, --lengths, --like, --seed)")
    guard let recipe = weights.objective as? AdversarialRecipe else { preconditionFailure("a generator was asked for") }
    let user = GenerateUser(
      command: self, path: path, weights: weights, lengths: chosen, rate: recipe.rate, communicator: communicator,
      agreement: agreement)
    let report = try ModelBuilder.build(
      weights.recipe, objective: recipe, precision: weights.precision, data: weights.input.data, seed: 0,
      isEncoderFrozen: true, for: user)
    if communicator.rank == 0 { show(report) }
  }

  private func drawLengths() throws -> [Int] {
    let key = RandomKey(seed: seed, purpose: "generate.lengths")
    switch lengths {
    case .within(let range):
      return (0..<sequences).map { range.lowerBound + key.integer(below: range.count, sequence: $0) }
    case .like(let path):
      let dataset = try SequenceDataset(at: path)
      return (0..<sequences).map { dataset.length(of: key.integer(below: dataset.count, sequence: $0)) }
    }
  }
}

private struct GenerateUser: ModelUser {
  let command: GenerateCommand
  let path: String
  let weights: UsedWeights
  let lengths: [Int]
  let rate: Int
  let communicator: Communicator
  let agreement: Agreement
  /// Timesteps that are made at once, over all ranks.
  private static let chunk = 1 << 20

  func use<E: Encoder, O: Objective>(_ model: Model<E, O>) throws -> GenerationReport {
    try TrainingError.alike { try model.store.load(weights.tensors, source: weights.source) }
    guard let adversarial = model.objective as? Adversarial else { preconditionFailure("a generator was built") }
    let features = weights.input.data.features
    var output: GeneratedFolder?
    func onFirstRank(_ body: () throws -> Void) throws {
      try agreement.together(exitCode: TrainingError.exitCode) { if communicator.rank == 0 { try body() } }
    }
    do {
      try onFirstRank { output = try GeneratedFolder(at: path, features: features, rate: rate) }
      for part in chunks() {
        let values = try make(Array(part.part(communicator.rank, of: communicator.size)), adversarial, model.store)
        guard let all = try communicator.gather(values) else {
          try onFirstRank {}
          continue
        }
        try onFirstRank { try output?.append(Array(all.joined()), lengths: part.map { lengths[$0] }) }
      }
      try onFirstRank { try output?.finish() }
    } catch {
      output?.abandon()
      throw error
    }
    return GenerationReport(
      sequences: lengths.count, timesteps: lengths.reduce(0, +), clipped: output?.clipped ?? 0)
  }

  /// Sequences in parts of about ``chunk`` timesteps.
  private func chunks() -> [[Int]] {
    var parts: [[Int]] = []
    var room = 0
    for index in lengths.indices {
      if parts.isEmpty || lengths[index] > room {
        parts.append([])
        room = Self.chunk
      }
      parts[parts.count - 1].append(index)
      room -= lengths[index]
    }
    return parts
  }

  /// The values of some sequences, one after another, in the data set's units.
  private func make(_ share: [Int], _ adversarial: Adversarial, _ store: ParameterStore) throws -> [Float] {
    if share.isEmpty { return [] }
    let layout = RaggedLayout(lengths: share.map { lengths[$0] })
    let key = RandomKey(seed: command.seed, purpose: "generate.latents")
    let pass = ForwardPass(store: store, mode: .evaluation, statistics: LaneStatistics(), ids: share)
    let made = adversarial.generator.forward(adversarial.generator.latents(share, key, like: layout), to: layout, pass)
      .0
    let normalisation = weights.input.normalisation(weights.recipe.input.normalise)
    for sequence in share.indices {
      let values = made.buffer(of: sequence)
      normalisation.undo(values, of: values, features: made.channels)
    }
    guard made.elements.allSatisfy(\.isFinite) else {
      throw TrainingError.data(
        "\(weights.source): the generator makes values that are not finite; take an earlier checkpoint (--checkpoint)")
    }
    return made.elements
  }
}

/// A data set with a recording of each of its sequences beside it.
private final class GeneratedFolder {
  /// Samples that were clipped.
  private(set) var clipped = 0
  private let path: String
  private let rate: Int
  private let dataset: DatasetWriter
  private var recordings: [String] = []
  private var folder: String { path + "/wav" }

  init(at path: String, features: Int, rate: Int) throws {
    guard features <= WAVFile.mostChannels else {
      throw TrainingError.usage(
        "--model: \(features) features are too many channels for a recording; at most \(WAVFile.mostChannels)")
    }
    (self.path, self.rate) = (path, rate)
    dataset = try DatasetWriter(at: path, features: features, values: .reals)
    do { try AtomicFile.createFolder(folder) } catch {
      dataset.abandon()
      throw error
    }
  }

  /// Appends sequences whose values follow one another.
  func append(_ values: [Float], lengths: [Int]) throws {
    var first = 0
    for length in lengths {
      let count = length * dataset.features
      let sequence = Array(values[first..<first + count])
      first += count
      let name = "\(folder)/\(dataset.count).wav"
      recordings.append(name)
      clipped += try WAVFile.write(sequence, channels: dataset.features, rate: rate, to: name)
      try dataset.append(sequence, split: .test)
    }
  }

  func finish() throws { try dataset.finish(classes: []) }

  /// Removes what was written.
  func abandon() {
    for name in recordings { try? AtomicFile.remove(name) }
    try? AtomicFile.remove(folder)
    dataset.abandon()
  }
}
