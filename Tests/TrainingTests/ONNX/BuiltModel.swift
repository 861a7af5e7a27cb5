import ArrayFiles
import Checkpoints
import Networks
import SequenceData
import TestSupport

@testable import Training

/// A classifier of three classes as it begins.
struct BuiltModel {
  let recipe: ModelRecipe
  let store = ParameterStore(seed: 4)
  let encoder: any Encoder
  let head: ClassificationHead
  let normalisation: InputNormalisation
  private let data: DataDescription

  /// - Parameter moments: of every feature, by which a data set is normalised.
  init(_ model: ONNXCase, moments: (mean: Double, deviation: Double) = (0.1, 0.1)) throws {
    recipe = try Recipe(
      yaml: """
        \(model.model)
        objective: {kind: classify}
        optimizer: {kind: sgd, learningRate: 0.1}
        schedule: {kind: constant}
        training: {steps: 1}
        """
    ).model
    data = DataDescription(
      features: model.features, values: model.categories.map { .categories(count: $0) } ?? .reals,
      classes: ["a", "b", "c"])
    encoder = recipe.encoder.makeEncoder(ModelContext(store: store, data: data, recipe: recipe))
    head = ClassificationHead(
      "head", width: encoder.width, classes: 3, pooling: recipe.pool.pooling, dropout: 0, in: store)
    let repeated = { [Double](repeating: $0, count: model.features) }
    switch recipe.input.normalise {
    case .none: normalisation = .none
    case .dataset: normalisation = .dataset(mean: repeated(moments.mean), deviation: repeated(moments.deviation))
    case .sequence: normalisation = .sequence
    }
  }

  /// Its export, with its tensors as they are now.
  var export: ONNXExport {
    ONNXExport(
      recipe: recipe, input: InputDescription(data, normalisation), tensors: store.tensors(), metadata: ["step": "7"],
      source: "a run")
  }
}
