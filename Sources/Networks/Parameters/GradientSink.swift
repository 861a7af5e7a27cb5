/// Told when a range of the gradient arena is final on this rank, so that it can be reduced while backward goes on.
public protocol GradientSink: AnyObject {
  /// The elements `range` of every carried node's gradient are complete. Ranges arrive in the same order on all ranks.
  func finished(_ range: Range<Int>) throws
  /// Called between pieces of work: an opportunity to move communication along.
  func poll() throws
}
