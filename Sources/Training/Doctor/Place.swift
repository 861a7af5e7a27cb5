import MessagePassing
import SequenceData

/// Where a rank is.
struct Place: Codable, Sendable, Equatable {
  /// Its number in the world.
  var rank: Int
  /// The name of its machine.
  var host: String
  /// The lowest rank on the same machine, by which two machines of one name are told apart.
  var node: Int

  /// Whether it speaks for its machine.
  var leads: Bool { rank == node }

  /// All ranks' places, on every rank. Collective.
  static func all(_ communicator: Communicator) throws -> [Place] {
    let node = try communicator.splitShared().broadcast([Int64(communicator.rank)])[0]
    let nodes = try communicator.allGather([node])
    let hosts = try communicator.allGather(World.hostName)
    return hosts.indices.map { Place(rank: $0, host: hosts[$0], node: Int(nodes[$0][0])) }
  }

  /// "rank 3 on node-b", "ranks 0-3 on node-a and rank 4 on node-b".
  static func words(_ places: [Place]) -> String {
    let hosts = Dictionary(grouping: places, by: \.node).sorted { $0.key < $1.key }.map(\.value)
    let parts = hosts.prefix(4).map { places in
      "\(places.count == 1 ? "rank" : "ranks") \(SystemText.list(places.map(\.rank).sorted())) on \(places[0].host)"
    }
    guard hosts.count > 4 else {
      return parts.count > 1 ? parts.dropLast().joined(separator: ", ") + " and " + parts.last! : parts.joined()
    }
    return parts.joined(separator: ", ") + " and those of \(Counted.text(hosts.count - 4, "more host"))"
  }
}
