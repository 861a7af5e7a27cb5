import Foundation

/// What it costs two ranks to exchange messages, both ways at once: a latency and a bandwidth, or a measured curve.
///
/// All pairs of ranks are taken to be alike and never in each other's way (the assumption of Hockney 1994, and of
/// Thakur, Rabenseifner and Gropp 2005 for the sums below).
struct Network: Sendable, Equatable {
  /// What an output calls it.
  let name: String
  /// Seconds of an exchange of so many bytes; ascending in both.
  private let points: [(bytes: Double, seconds: Double)]

  static func == (one: Network, other: Network) -> Bool {
    one.name == other.name && one.points.elementsEqual(other.points, by: ==)
  }

  /// `latency + bytes / bandwidth`.
  init(latencySeconds: Double, bytesPerSecond: Double, name: String) {
    precondition(
      latencySeconds >= 0 && bytesPerSecond > 0, "a network of \(latencySeconds) s and \(bytesPerSecond) B/s is none")
    self.name = name
    points = [(0, latencySeconds), (1e6, latencySeconds + 1e6 / bytesPerSecond)]
  }

  /// The curve behind two ranks' all-reduce, which is two exchanges of half the buffer: one halving, one doubling.
  ///
  /// Throws a usage error (64) for another number of ranks, from which it cannot be told.
  init(_ times: CollectiveTimes, name: String) throws {
    guard times.ranks == 2 else {
      throw TrainingError.usage(
        "\(name): measured on \(times.ranks) ranks; a network is known by two, each on a core of its own: mpirun -n 2 lockstep bench collectives --json"
      )
    }
    self.name = name
    var slowest = 0.0
    points = times.sizes.map { size in
      slowest = max(slowest, size.allReduceMicroseconds * 1e-6 / 2)
      return (Double(size.bytes) / 2, slowest)
    }
  }

  /// Seconds in which two ranks exchange so many bytes each. Between measured sizes it is interpolated, beyond the last
  /// it goes on as steeply.
  func exchange(_ bytes: Double) -> Double {
    guard bytes > points[0].bytes else { return points[0].seconds }
    let next = points.dropFirst().first { $0.bytes >= bytes } ?? points[points.count - 1]
    let after = points.firstIndex { $0.bytes == next.bytes } ?? points.count - 1
    let before = points[after - 1]
    return before.seconds + (next.seconds - before.seconds) * (bytes - before.bytes) / (next.bytes - before.bytes)
  }

  /// Latency and bandwidth in words: those of the shortest message and of the longest.
  var figures: String {
    let last = points[points.count - 1]
    let before = points[points.count - 2]
    let slope = (last.seconds - before.seconds) / (last.bytes - before.bytes)
    let bandwidth = slope > 0 ? String(format: "%.3g Gbit/s", 8e-9 / slope) : "no measurable time a byte"
    return String(format: "%.3g us, ", points[0].seconds * 1e6) + bandwidth
  }
}
