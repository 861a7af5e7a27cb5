import Foundation

/// What a prediction is told instead of finding it out: the network, and perhaps the cores.
public struct ScalingAssumptions: Sendable {
  /// A file of ``CollectiveTimes``, in place of latency and bandwidth.
  public var networkFile: String?
  /// Microseconds of the shortest message between two ranks; nil: ``defaultLatencyMicroseconds``.
  public var latencyMicroseconds: Double?
  /// Gigabits a second from a rank to another; nil: ``defaultGigabitsPerSecond``.
  public var gigabitsPerSecond: Double?
  /// Gigaflops of one core at this model; nil: measured.
  public var gigaflops: Double?
  /// Cores for all ranks together; nil: one for each rank.
  public var cores: Int?

  /// Assumed of TCP over Ethernet.
  public static let defaultLatencyMicroseconds = 25.0
  /// Assumed: Ethernet of 25 Gbit/s, one rank a card.
  public static let defaultGigabitsPerSecond = 25.0

  /// Assumes what is assumed by default.
  public init() {}

  /// The network that is meant.
  func network() throws -> Network {
    if let networkFile { return try Network(CollectiveTimes(file: networkFile), name: networkFile) }
    let latency = latencyMicroseconds ?? ScalingAssumptions.defaultLatencyMicroseconds
    let bandwidth = gigabitsPerSecond ?? ScalingAssumptions.defaultGigabitsPerSecond
    let isGiven = (latency: latencyMicroseconds != nil, bandwidth: gigabitsPerSecond != nil)
    let name =
      isGiven.latency || isGiven.bandwidth
      ? "latency \(isGiven.latency ? "given" : "assumed"), bandwidth \(isGiven.bandwidth ? "given" : "assumed")"
      : "assumed, TCP over 25 Gbit/s Ethernet"
    return Network(latencySeconds: latency * 1e-6, bytesPerSecond: bandwidth * 1e9 / 8, name: name)
  }
}
