import ArrayFiles
import Foundation

/// How long collective calls take between these ranks: what `lockstep bench collectives` measures and writes.
public struct CollectiveTimes: Codable, Sendable, Equatable {
  /// One size of message.
  public struct Size: Codable, Sendable, Equatable {
    /// Bytes of a rank's buffer; for the gathering, of all ranks' together.
    public var bytes: Int
    /// MPI_Allreduce of Doubles in place, as statistics are summed.
    public var allReduceMicroseconds: Double
    /// MPI_Iallreduce of Floats in place and waiting for it, as gradients are summed.
    public var startedAllReduceMicroseconds: Double
    /// MPI_Allgatherv, as ranks that are no power of two exchange.
    public var allGatherMicroseconds: Double
  }

  /// The number of ranks.
  public var ranks: Int
  /// How many machines they ran on.
  public var hosts: Int
  /// Ascending in bytes.
  public var sizes: [Size]

  /// Reads a file that `bench collectives --json` printed.
  ///
  /// Throws `FileError` where it cannot be read (66) or holds something else (65).
  public init(file path: String) throws {
    let bytes = try AtomicFile.read(path, limit: 1 << 20)
    guard let times = try? JSONDecoder().decode(CollectiveTimes.self, from: Data(bytes)), times.isPlausible else {
      throw FileError.damaged(path: path, reason: "is not what lockstep bench collectives --json prints")
    }
    self = times
  }

  init(ranks: Int, hosts: Int, sizes: [Size]) {
    self.ranks = ranks
    self.hosts = hosts
    self.sizes = sizes
  }

  private var isPlausible: Bool {
    let times = sizes.flatMap {
      [$0.allReduceMicroseconds, $0.startedAllReduceMicroseconds, $0.allGatherMicroseconds]
    }
    return ranks > 0 && hosts > 0 && sizes.count > 1 && sizes[0].bytes > 0
      && zip(sizes, sizes.dropFirst()).allSatisfy { $0.bytes < $1.bytes } && times.allSatisfy { $0 >= 0 && $0 < 1e12 }
  }

  /// The times as a table for people.
  public var text: String {
    var lines = [
      "\(ranks) ranks on \(hosts) hosts; microseconds, medians", "     bytes   all-reduce      started       gather",
    ]
    for size in sizes {
      lines.append(
        String(
          format: "%10d %12.2f %12.2f %12.2f", size.bytes, size.allReduceMicroseconds,
          size.startedAllReduceMicroseconds, size.allGatherMicroseconds))
    }
    if let network = try? Network(self, name: "") {
      lines.append("a message between two ranks: \(network.figures)")
    }
    return lines.joined(separator: "\n")
  }

  /// The times as JSON.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
