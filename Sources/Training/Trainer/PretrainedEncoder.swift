import ArrayFiles
import Checkpoints
import DataParallel
import FoundationEssentials
import SequenceData

/// A pretrained encoder on its way into a fine-tuning.
struct PretrainedEncoder {
  let tensors: [NamedTensor]
  let description: EncoderDescription
  let source: String
  /// SHA-256 of the weights: part of the run's identity.
  let digest: String

  /// Reads the encoder that a job names on rank 0; every rank gets it.
  static func load(_ job: TrainingJob, agreement: Agreement) throws -> PretrainedEncoder {
    guard let path = job.encoder else {
      throw TrainingError.usage(
        "finetune needs --encoder RUN: the folder of a finished pretraining, or its encoder folder")
    }
    let bytes = try agreement.fromFirstRank(exitCode: TrainingError.exitCode) {
      if let checkpoint = job.encoderCheckpoint {
        return encoded(try SavedModel.open(path, checkpoint: checkpoint).encoder)
      }
      let folder = try located(path)
      return encoded(try folder.read(EncoderDescription.self))
    }
    let (tensors, description) = try decoded(bytes)
    return PretrainedEncoder(
      tensors: tensors, description: description, source: path, digest: Checksum.sha256(bytes))
  }

  private static func located(_ path: String) throws -> EncoderFolder {
    do {
      return try EncoderFolder.locate(path)
    } catch {
      guard AtomicFile.exists(path + "/checkpoints") else { throw error }
      throw TrainingError.missing(
        "\(path): the run has not finished, so it has published no encoder; finish it, or name --checkpoint latest")
    }
  }

  /// Checks that a recipe's model can take this encoder.
  /// - Throws: a usage error where the recipe asks for another encoder or input; a data error where the data set does
  ///   not fit.
  func check(_ model: ModelRecipe, job: TrainingJob, dataset: SequenceDataset) throws {
    let own = try ModelRecipe(yaml: description.recipe, name: source + "/config.json")
    let wanted = ModelRecipe.encoderDifferences(from: own, to: model)
    guard wanted.isEmpty else {
      throw TrainingError.usage(
        "\(job.recipe): the encoder of \(source) was pretrained with another model.encoder or model.input (\(wanted.joined(separator: "; "))); "
          + "use the recipe of its pretraining")
    }
    try description.data.check(dataset, readsCategories: own.input.kind == .categories)
  }

  /// An encoder as bytes for the other ranks.
  private struct Envelope: Codable {
    struct Tensor: Codable {
      var name: String
      var shape: [Int]
      var floats: [UInt32]?
      var integers: [Int64]?
    }
    var description: EncoderDescription
    var tensors: [Tensor]
  }

  private static func encoded(_ encoder: (tensors: [NamedTensor], configuration: EncoderDescription)) -> [UInt8] {
    let tensors = encoder.tensors.map { tensor -> Envelope.Tensor in
      switch tensor.elements {
      case .float32(let values): .init(name: tensor.name, shape: tensor.shape, floats: values.map(\.bitPattern))
      case .int64(let values): .init(name: tensor.name, shape: tensor.shape, integers: values)
      case .float64: preconditionFailure("an encoder holds no \(tensor.name) in float64")
      }
    }
    return Array(StableJSON.encode(Envelope(description: encoder.configuration, tensors: tensors)))
  }

  private static func decoded(_ bytes: [UInt8]) throws -> ([NamedTensor], EncoderDescription) {
    let envelope = try JSONDecoder().decode(Envelope.self, from: Data(bytes))
    let tensors = envelope.tensors.map {
      NamedTensor(
        name: $0.name, shape: $0.shape,
        elements: $0.floats.map { .float32($0.map { Float(bitPattern: $0) }) } ?? .int64($0.integers ?? []))
    }
    return (tensors, envelope.description)
  }
}
