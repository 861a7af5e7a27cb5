import ArrayFiles
import Networks

extension ParameterStore {
  /// SHA-256 of all weights, statistics and counters, of an optimizer's state and of a moving average: equal on all ranks
  /// after every step.
  /// Complexity: one read of all of it, about a millisecond for 2 MB.
  public func digest(with optimizer: any Optimizer, average: ParameterStore? = nil) -> String {
    var stream = Checksum.Stream()
    update(&stream)
    average?.update(&stream)
    for updates in optimizer.updates { withUnsafeBytes(of: Int64(updates)) { stream.update($0) } }
    for arena in optimizer.arenas { arena.values.withUnsafeBytes { stream.update($0) } }
    return stream.finalize()
  }

  private func update(_ stream: inout Checksum.Stream) {
    values.withUnsafeBytes { stream.update($0) }
    for statistic in statistics { self[statistic].withUnsafeBytes { stream.update($0) } }
    for counter in counters { withUnsafeBytes(of: self[counter]) { stream.update($0) } }
  }
}
