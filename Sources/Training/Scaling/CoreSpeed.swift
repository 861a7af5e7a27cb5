/// How fast one core does this very model's step.
struct CoreSpeed: Sendable, Equatable {
  /// Analytic operations a second, forward and backward.
  var operationsPerSecond: Double
  /// Seconds of a step that do not depend on its sequences nor on the number of ranks: the optimizer, the update.
  var secondsPerStep: Double
  /// Seconds that each lane costs the rank that carries it, whatever it holds: partial gradients that are added.
  var secondsPerLane: Double

  /// Analytic operations of a sequence: a forward pass, and twice that for the gradients of inputs and weights.
  static func operations(forward cost: Int) -> Double { 3 * Double(cost) }
}
