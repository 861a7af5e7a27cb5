import ArrayFiles
import Foundation
import SequenceData

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
    func wrong(_ what: String) -> FileError {
      .damaged(path: path, reason: "\(what); make it with mpirun -n 2 lockstep bench collectives --json > FILE")
    }
    guard let times = try? JSONDecoder().decode(CollectiveTimes.self, from: Data(bytes)) else {
      throw wrong("is not the JSON that lockstep bench collectives --json prints")
    }
    if let defect = times.defect { throw wrong(defect) }
    self = times
  }

  init(ranks: Int, hosts: Int, sizes: [Size]) {
    self.ranks = ranks
    self.hosts = hosts
    self.sizes = sizes
  }

  /// What cannot have been measured, if anything.
  private var defect: String? {
    guard ranks > 0 && hosts > 0 else { return "ranks is \(ranks) and hosts \(hosts); expected numbers from 1 on" }
    guard sizes.count > 1 else { return "sizes holds \(sizes.count) of them; expected at least 2" }
    guard sizes[0].bytes > 0 && zip(sizes, sizes.dropFirst()).allSatisfy({ $0.bytes < $1.bytes }) else {
      return "the bytes of sizes do not rise from above 0"
    }
    for size in sizes {
      for time in [size.allReduceMicroseconds, size.startedAllReduceMicroseconds, size.allGatherMicroseconds]
      where !(time >= 1e-3 && time < 1e12) {
        return "a call of \(size.bytes) bytes takes \(time) microseconds; expected from 0.001 to 1e12"
      }
    }
    return nil
  }

  /// The times as a table for people.
  public var text: String {
    var lines = [
      "\(Counted.text(ranks, "rank")) on \(Counted.text(hosts, "host")); microseconds, medians",
      "     bytes   all-reduce      started       gather",
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
