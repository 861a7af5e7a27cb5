/// By what the gradient of a loss's sum is multiplied before it goes back, where several losses are minimised together
/// and each is to be divided by its own count.
public protocol LossScaling: AnyObject {
  /// The factor of the loss that is being computed. Collective: every rank asks once for each loss, in the same order.
  /// - Parameter count: terms of the loss on this rank.
  func factor(count: Int) throws -> Float
}
