import Networks

/// The section `optimizer`: what a gradient does to the weights.
public protocol OptimizerRecipe: RecipeSection {
  /// The peak of the learning rate; the schedule scales it.
  var learningRate: Double { get }

  /// The largest global norm of the gradient, to which a larger one is scaled down; nil for no bound.
  var clipNorm: Double? { get }

  /// The optimizer of `count` parameters, trained in so many turns, in its first state.
  func makeOptimizer(count: Int, turns: Int) -> any Optimizer
}

/// `optimizer: {kind: adamw}`: Adam with decoupled weight decay. Loshchilov & Hutter 2019, arXiv:1711.05101.
public struct AdamWRecipe: OptimizerRecipe, Equatable {
  /// The peak of the learning rate.
  public var learningRate: Double
  /// What each step takes off a weight, times the learning rate.
  public var weightDecay: Double
  /// The decay of the mean.
  public var beta1: Double
  /// The decay of the mean square.
  public var beta2: Double
  /// What is added to the root of the mean square.
  public var epsilon: Double
  /// The largest global norm of the gradient.
  public var clipNorm: Double?

  /// The word under `kind`.
  public static let kind = "adamw"

  /// Reads the section.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    learningRate = try reader.number("learningRate", .positive)
    weightDecay = try reader.number("weightDecay", .notNegative, default: 0.01)
    beta1 = try reader.number("beta1", .belowOne, default: 0.9)
    beta2 = try reader.number("beta2", .belowOne, default: 0.999)
    epsilon = try reader.number("epsilon", .positive, default: 1e-8)
    clipNorm = try reader.optionalNumber("clipNorm", .positive)
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) {
    writer.write("learningRate", learningRate)
    writer.write("weightDecay", weightDecay)
    writer.write("beta1", beta1)
    writer.write("beta2", beta2)
    writer.write("epsilon", epsilon)
    writer.write("clipNorm", clipNorm)
  }
}

/// `optimizer: {kind: sgd}`: gradient descent with momentum; weight decay is added to the gradient, as in PyTorch.
public struct SGDRecipe: OptimizerRecipe, Equatable {
  /// The peak of the learning rate.
  public var learningRate: Double
  /// The decay of the velocity.
  public var momentum: Double
  /// Whether the gradient is taken ahead. Sutskever et al. 2013.
  public var nesterov: Bool
  /// What is added to the gradient, times the weight.
  public var weightDecay: Double
  /// The largest global norm of the gradient.
  public var clipNorm: Double?

  /// The word under `kind`.
  public static let kind = "sgd"

  /// Reads the section.
  public init(from reader: inout RecipeReader) throws(RecipeError) {
    learningRate = try reader.number("learningRate", .positive)
    momentum = try reader.number("momentum", .belowOne, default: 0.9)
    nesterov = try reader.boolean("nesterov", default: false)
    weightDecay = try reader.number("weightDecay", .notNegative, default: 0)
    clipNorm = try reader.optionalNumber("clipNorm", .positive)
    if nesterov, momentum == 0 { throw reader.error("nesterov", "needs momentum above 0") }
  }

  /// Writes what `init(from:)` reads.
  public func write(to writer: inout RecipeWriter) {
    writer.write("learningRate", learningRate)
    writer.write("momentum", momentum)
    writer.write("nesterov", nesterov)
    writer.write("weightDecay", weightDecay)
    writer.write("clipNorm", clipNorm)
  }
}

extension AdamWRecipe {
  /// The optimizer, its moments zero.
  public func makeOptimizer(count: Int, turns: Int) -> any Optimizer {
    AdamW(count: count, turns: turns, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
  }
}

extension SGDRecipe {
  /// The optimizer, its buffer zero.
  public func makeOptimizer(count: Int, turns: Int) -> any Optimizer {
    SGD(count: count, turns: turns, momentum: momentum, nesterov: nesterov, weightDecay: weightDecay)
  }
}
