import MessagePassing

/// Latency and bandwidth between two ranks, in some tens of milliseconds; only these two call it.
struct PairMeasurement {
  let communicator: Communicator
  let peer: Int

  /// Bytes of the longest message; a slow network is measured by shorter ones.
  private static let longest = 4 << 20
  private static let shortest = 1 << 16
  /// Seconds that each of the two measurements takes, about.
  private static let seconds = 0.02

  func run() throws -> NetworkCheck.Exchange {
    let latency = try measure(bytes: 8)
    let first = try measure(bytes: PairMeasurement.shortest)
    var bytes = PairMeasurement.shortest
    while bytes < PairMeasurement.longest
      && first * Double(2 * bytes / PairMeasurement.shortest) < PairMeasurement.seconds / 4
    {
      bytes *= 2
    }
    let long = bytes == PairMeasurement.shortest ? first : try measure(bytes: bytes)
    return NetworkCheck.Exchange(peer: peer, latencySeconds: latency, bytesPerSecond: Double(bytes) / max(long, 1e-9))
  }

  /// Seconds of the quickest of as many exchanges as there is time for, the same on both ranks. What other work on the
  /// hosts takes from some of them is not the network's.
  private func measure(bytes: Int) throws -> Double {
    let send = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes)
    let receive = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes)
    send.initialize(repeating: 1)
    receive.initialize(repeating: 0)
    defer {
      send.deallocate()
      receive.deallocate()
    }
    func exchange() throws -> Double {
      let start = ContinuousClock.now
      try communicator.exchange(with: peer, UnsafeBufferPointer(send), into: receive)
      return (ContinuousClock.now - start) / .seconds(1)
    }
    _ = try exchange()  // connects, and touches the memory
    let trial = try agreed(try exchange())
    let count = max(5, min(200, Int(PairMeasurement.seconds / max(trial, 1e-7))))
    return try agreed(try (0..<count).map { _ in try exchange() }.min() ?? trial)
  }

  /// The longer of the two ranks' times.
  private func agreed(_ seconds: Double) throws -> Double {
    max(seconds, try communicator.exchange(with: peer, [seconds])[0])
  }
}
