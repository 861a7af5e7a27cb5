import ArrayFiles
import FoundationEssentials

/// All that a checkpoint saves, copied from the training that goes on meanwhile.
public struct CheckpointSnapshot: Sendable {
  /// The steps that were done when it was taken.
  public var step: Int
  /// The state dict: parameters and running statistics, by PyTorch's names.
  public var model: [NamedTensor]
  /// The optimizer's moments.
  public var optimizer: [NamedTensor]
  /// What else training needs to go on, as JSON; equal states must give equal bytes (`StableJSON`), and nothing of
  /// time, host, ranks, threads or paths may be in it.
  public var state: Data
  /// Where and how it was made; the place for what may differ between two runs that compute the same.
  public var made: [String: String]
  /// Whether `best` shall name it.
  public var isBest: Bool

  /// A snapshot of all that belongs to a step.
  public init(
    step: Int, model: [NamedTensor], optimizer: [NamedTensor], state: Data, made: [String: String] = [:],
    isBest: Bool = false
  ) {
    precondition(step >= 0, "a checkpoint of step \(step)")
    self.step = step
    self.model = model
    self.optimizer = optimizer
    self.state = state
    self.made = made
    self.isBest = isBest
  }
}
