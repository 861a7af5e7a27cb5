import Networks
import PackedTensors
import SequenceData

/// What a recipe's sections build their parts from.
public struct ModelContext {
  /// Where parameters are registered.
  public let store: ParameterStore
  /// The data that the model is for.
  public let data: DataDescription
  /// The section `model` of the recipe.
  public let recipe: ModelRecipe
}

extension ResNetRecipe {
  /// The encoder that this section describes, registered under `encoder`.
  public func makeEncoder(_ context: ModelContext) -> any Encoder {
    let shape = ResNet.Shape(
      stem: .init(width: stem.width, kernel: stem.kernel, stride: stem.stride, isNormalised: stem.norm),
      blocks: blocks.map { .init(width: $0.width, kernel: $0.kernel, stride: $0.stride, dilation: $0.dilation) },
      causal: causal, activation: activation == .gelu ? .gelu : .relu, dropout: dropout)
    let categories = context.recipe.input.kind == .categories ? context.data.categories : nil
    return ResNet("encoder", features: context.data.features, categories: categories, shape, in: context.store)
  }
}

extension ClassifyRecipe {
  /// A head of pooling and a linear layer, registered under `head`.
  public func makeObjective(_ context: ModelContext, encoder: some Encoder) throws -> any Objective {
    guard context.data.classes.count >= 2 else {
      throw TrainingError.usage(
        "the data set names \(context.data.classes.count) classes; classification needs at least two, listed under \"classes\" in dataset.json")
    }
    return Classify(
      head: ClassificationHead(
        "head", width: encoder.width, classes: context.data.classes.count, pooling: context.recipe.pool.pooling,
        dropout: context.recipe.dropout, in: context.store), smoothing: labelSmoothing)
  }
}

extension MaskedRecipe {
  /// A linear decoder of hidden frames, and a mask vector for category data, registered under `objective`.
  public func makeObjective(_ context: ModelContext, encoder: some Encoder) throws -> any Objective {
    let vector = context.data.categories.map { _ in
      context.store.addParameter("objective.mask", shape: [encoder.stemWidth], .uniform(fanIn: encoder.stemWidth))
    }
    let target: FrameTarget
    switch (context.data.values, self.target) {
    case (.categories(let count), .values): target = .categories(count: count)
    case (.categories, .spectrum):
      throw TrainingError.usage(
        "objective.target: spectrum needs a data set of reals; this one holds categories: use target: values")
    case (.reals, .values): target = .values
    case (.reals, .spectrum): target = .spectrum
    }
    if target == .spectrum && encoder.frame < 2 {
      throw TrainingError.usage(
        "objective.target: spectrum needs frames of at least 2 timesteps; the encoder's strides multiply to 1: use target: values, or stride")
    }
    return Masked(
      ratio: ratio, span: span,
      decoder: FrameDecoder(
        "objective.decoder", width: encoder.width, target: target, frame: encoder.frame,
        features: context.data.features, in: context.store), maskVector: vector)
  }
}

extension NextRecipe {
  /// A linear decoder of the timesteps that follow, registered under `objective`.
  public func makeObjective(_ context: ModelContext, encoder: some Encoder) throws -> any Objective {
    let target: FrameTarget = context.data.categories.map { .categories(count: $0) } ?? .values
    return NextFrame(
      ahead: ahead,
      decoder: FrameDecoder(
        "objective.decoder", width: encoder.width, target: target, frame: encoder.frame,
        features: context.data.features, in: context.store))
  }
}

extension AdamWRecipe {
  /// The optimizer, its moments zero.
  public func makeOptimizer(count: Int) -> any Optimizer {
    AdamW(count: count, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
  }
}

extension SGDRecipe {
  /// The optimizer, its buffer zero.
  public func makeOptimizer(count: Int) -> any Optimizer {
    SGD(count: count, momentum: momentum, nesterov: nesterov, weightDecay: weightDecay)
  }
}

extension CosineRecipe {
  /// Half a cosine.
  public var course: LearningRateSchedule.Course { .cosine(final: final) }
}

extension ConstantRecipe {
  /// The full rate.
  public var course: LearningRateSchedule.Course { .constant }
}

extension StepRecipe {
  /// Falls at equal distances.
  public var course: LearningRateSchedule.Course { .step(every: every, factor: factor) }
}
