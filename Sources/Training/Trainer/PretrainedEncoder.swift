import ArrayFiles
import Checkpoints
import DataParallel
import MessagePassing
import SequenceData

/// A pretrained encoder on its way into a fine-tuning.
struct PretrainedEncoder {
  let tensors: [NamedTensor]
  let description: EncoderDescription
  let source: String
  /// SHA-256 of the weights: part of the run's identity.
  let digest: String

  /// Reads the encoder that a job names on rank 0; every rank gets it.
  static func load(_ job: TrainingJob, _ agreement: Agreement, _ communicator: Communicator) throws -> PretrainedEncoder
  {
    guard let path = job.encoder else {
      throw TrainingError.usage(
        "finetune needs --encoder RUN: the folder of a finished pretraining, or its encoder folder")
    }
    try agreement.requireSame("\(path) \(job.encoderCheckpoint ?? "")", of: "The encoder (--encoder, --checkpoint)")
    let shared = try SharedTensors<EncoderDescription>(agreement, communicator) {
      if let checkpoint = job.encoderCheckpoint {
        return try SavedModel.open(path, checkpoint: checkpoint).encoder
      }
      let (tensors, description) = try located(path).read(EncoderDescription.self)
      return (tensors, description)
    }
    return PretrainedEncoder(
      tensors: shared.tensors, description: shared.description, source: path, digest: shared.digest)
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
}
