import ArrayFiles
import Checkpoints

/// A trained model on disk, chosen and read.
struct SavedModel {
  /// Which weights, for the user: "best checkpoint, step 400".
  let choice: String
  let step: Int
  let recipe: Recipe
  let state: TrainingState
  /// The whole state dict: `encoder.…`, `head.…` or `objective.…`.
  let tensors: [NamedTensor]

  /// Opens the model of a run.
  /// - Parameter checkpoint: `latest`, `best`, or a checkpoint's folder; none: the best if validation ran, else the
  ///   latest, and the run must be finished.
  /// - Throws: `missing` (66) for what is no run or not finished, `damaged` (65) for a checkpoint that does not verify.
  static func open(_ run: String, checkpoint: String?) throws -> SavedModel {
    let recipe = try RunFolder(path: run).storedRecipe()
    let store = CheckpointStore(run: run)
    return try RunFolder(path: run).sayingWhatElse {
      let (folder, name) = try choose(store, checkpoint, run: run)
      let content = try folder.load()
      let state = try TrainingState.decode(content.state, path: folder.path + "/state.json")
      return SavedModel(
        choice: "\(name), step \(content.step)", step: content.step, recipe: recipe, state: state,
        tensors: content.model)
    }
  }

  private static func choose(
    _ store: CheckpointStore, _ checkpoint: String?, run: String
  ) throws -> (CheckpointFolder, String) {
    if let checkpoint {
      let folder = try store.named(checkpoint, option: "--checkpoint")
      let isLink = CheckpointStore.Link(rawValue: checkpoint) != nil
      return (folder, isLink ? "\(checkpoint) checkpoint" : "checkpoint \(checkpoint)")
    }
    guard let latest = try store.step(of: .latest) else {
      throw TrainingError.missing("\(run): has no checkpoint yet")
    }
    let state = try store.folder(step: latest).load().state
    guard try TrainingState.decode(state, path: store.folder(step: latest).path + "/state.json").isFinished else {
      throw TrainingError.missing(
        "\(run): the run stands at step \(latest) and is not finished; finish it, or name --checkpoint latest")
    }
    if let best = try store.step(of: .best) { return (store.folder(step: best), "best checkpoint") }
    return (store.folder(step: latest), "latest checkpoint")
  }

  /// The encoder alone, as a pretraining publishes it.
  var encoder: (tensors: [NamedTensor], description: EncoderDescription) {
    let description = EncoderDescription(
      step: step, data: state.input, model: recipe.model, precision: recipe.precision)
    return (SavedModel.encoderTensors(tensors), description)
  }

  /// The tensors of the encoder, named as in its own state dict.
  static func encoderTensors(_ tensors: [NamedTensor]) -> [NamedTensor] {
    let prefix = "encoder."
    return tensors.filter { $0.name.hasPrefix(prefix) }.map {
      NamedTensor(name: String($0.name.dropFirst(prefix.count)), shape: $0.shape, elements: $0.elements)
    }
  }
}

extension RunFolder {
  /// Runs `body`; where that meets a damaged checkpoint, the error says which others there are.
  fileprivate func sayingWhatElse<R>(_ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch FileError.damaged(let place, let reason) {
      let good = try store.good()
      let advice =
        good.isEmpty
        ? "no checkpoint of the run verifies"
        : "choose another with --checkpoint latest|best|NAME; these verify: \(good.joined(separator: ", "))"
      throw FileError.damaged(path: place, reason: "\(reason). \(advice)")
    }
  }
}
