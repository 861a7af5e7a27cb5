/// Turns a summed gradient into an update of all trainable parameters. Its state is arenas that match the parameters', and
/// the number of updates; where parameters are trained in turns, that of each turn.
public protocol Optimizer {
  /// Updates made so far, a number for each turn.
  var updates: [Int] { get set }
  /// State arenas by name ("exp_avg", …), in the order of the parameter arena.
  var arenas: [(name: String, values: [Float])] { get set }

  /// One update.
  /// - Parameters:
  ///   - store: parameters to change.
  ///   - trainable: those that change.
  ///   - turn: whose they are; each parameter belongs to one.
  ///   - gradient: the summed gradient, in the order of the parameter arena.
  ///   - scale: factor that turns the sum into the gradient: one over the global count, times clipping.
  ///   - rate: the learning rate of this step.
  mutating func update(
    _ store: ParameterStore, trainable: [Parameter], turn: Int, gradient: UnsafePointer<Float>, scale: Float,
    rate: Double)
}
