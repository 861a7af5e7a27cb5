import MessagePassing

extension Communicator {
  /// When messages to and from a peer were sent and had come, in turn, by the own clock and by the peer's. Called by these
  /// two ranks alone.
  /// - Parameters:
  ///   - trials: messages each way, of which the quickest count.
  ///   - clock: the time now, in seconds.
  func times(with peer: Int, trials: Int, clock: () -> Double) throws(MPIError) -> (own: [Double], other: [Double]) {
    var own: [Double] = []
    for _ in 0..<trials {
      own.append(clock())
      _ = try exchange(with: peer, [UInt8(0)])
      own.append(clock())
    }
    return (own, try exchange(with: peer, own))
  }
}
