import MessagePassing
import SequenceData

/// The network between hosts: every pair's latency and bandwidth, and addresses that lead astray.
struct NetworkCheck: Check {
  struct Observation: Codable, Sendable {
    var interfaces: [NetworkInterface]
    /// Open MPI's parameter that says which interfaces it uses, where it is set.
    var filter: String?
    /// With hosts of higher ranks.
    var exchanges: [Exchange] = []
  }

  /// What it costs two ranks to exchange messages, both ways at once.
  struct Exchange: Codable, Sendable, Equatable {
    /// The other rank.
    var peer: Int
    /// Seconds for 8 bytes.
    var latencySeconds: Double
    /// Bytes a second each way, of long messages.
    var bytesPerSecond: Double

    /// The better of two measurements.
    func best(_ other: Exchange) -> Exchange {
      Exchange(
        peer: peer, latencySeconds: min(latencySeconds, other.latencySeconds),
        bytesPerSecond: max(bytesPerSecond, other.bytesPerSecond))
    }
  }

  static let name: StaticString = "network"
  /// Every host meets so many others at most, so that the time does not grow without bound.
  static let mostRounds = 63
  /// So many slow pairs are measured a second time.
  private static let mostSecondLooks = 16
  /// Whether two ranks are measured where there is one host alone.
  var measuresWithinHost = true

  func observe(_ world: Surroundings) throws -> Observation {
    let filters = ["if_include", "if_exclude"].map { "OMPI_MCA_btl_tcp_" + $0 }
    var seen = Observation(
      interfaces: NetworkInterface.all, filter: filters.first { Launcher.environmentVariable($0) != nil })
    // On one host the first two ranks stand for all.
    let within = measuresWithinHost ? world.places.prefix(2).map(\.rank) : []
    let ranks = world.leaders.count > 1 ? world.leaders : within
    for round in NetworkCheck.rounds(of: ranks.count).prefix(NetworkCheck.mostRounds) {
      seen.exchanges += try measure(round.map { (ranks[$0.0], ranks[$0.1]) }, world)
    }
    // Pairs that measure at the same time may take each other's cores or links: what looks slow is looked at alone.
    for pair in PairTimes(try NetworkCheck.all(seen.exchanges, world)).slow.prefix(NetworkCheck.mostSecondLooks) {
      guard let again = try measure([(pair.one, pair.other)], world).first else { continue }
      seen.exchanges = seen.exchanges.map { $0.peer == again.peer ? $0.best(again) : $0 }
    }
    return seen
  }

  /// Measures pairs of ranks at the same time, while the other ranks sleep; gives the exchange of this rank where its
  /// peer is the higher one. Collective.
  private func measure(_ pairs: [(Int, Int)], _ world: Surroundings) throws -> [Exchange] {
    let (own, communicator) = (world.own.rank, world.communicator)
    var seen: [Exchange] = []
    if let pair = pairs.first(where: { [$0.0, $0.1].contains(own) }) {
      let peer = pair.0 == own ? pair.1 : pair.0
      let exchange = try PairMeasurement(communicator: communicator, peer: peer).run()
      if own < peer { seen = [exchange] }
    }
    try NetworkCheck.meetAsleep(communicator)
    return seen
  }

  /// Returns when all ranks are here. Who waits leaves its core to those who measure, which a barrier would not.
  private static func meetAsleep(_ communicator: Communicator) throws {
    let here = UnsafeMutableBufferPointer<Int64>.allocate(capacity: 1)
    here.initialize(repeating: 0)
    defer { here.deallocate() }
    try communicator.startAllReduce(here, .sum).waitAsleep()
  }

  /// What every rank has measured, on all of them. Collective.
  private static func all(_ own: [Exchange], _ world: Surroundings) throws -> [PairTimes.Pair] {
    let numbers = own.flatMap { [Double($0.peer), $0.latencySeconds, $0.bytesPerSecond] }
    return try world.communicator.allGather(numbers).enumerated().flatMap { rank, numbers in
      stride(from: 0, to: numbers.count, by: 3).map {
        PairTimes.Pair(
          one: rank,
          exchange: Exchange(
            peer: Int(numbers[$0]), latencySeconds: numbers[$0 + 1], bytesPerSecond: numbers[$0 + 2]))
      }
    }
  }

  /// The rounds of a tournament in which each of `count` meets every other once (the circle method).
  static func rounds(of count: Int) -> [[(Int, Int)]] {
    let even = count + count % 2
    guard count > 1 else { return [] }
    return (0..<even - 1).map { round in
      (0..<even / 2).map { index in
        let one = index == 0 ? even - 1 : (round + index) % (even - 1)
        return (one, (round + even - 1 - index) % (even - 1))
      }.filter { $0.0 < count && $0.1 < count }
    }
  }

  func facts(_ seen: Observation) -> [Fact] {
    let names = seen.interfaces.map { "\($0.name) \($0.address)" + ($0.megabits.map { " (\($0) Mbit/s)" } ?? "") }
    return [Fact(title: "interfaces", value: names.isEmpty ? "none" : names.joined(separator: ", "), isOfHost: true)]
  }

  func judge(_ seen: [Seen<Observation>]) -> Verdict {
    let hosts = seen.leaders()
    let pairs = seen.flatMap { one in
      one.what.exchanges.map { PairTimes.Pair(one: one.place.rank, exchange: $0) }
    }
    var verdict = Verdict(findings: slow(PairTimes(pairs), seen.map(\.place)) + ambiguous(hosts))
    if hosts.count > 1 && pairs.count < hosts.count * (hosts.count - 1) / 2 {
      verdict.notChecked = [
        notChecked(
          "only \(pairs.count) of \(hosts.count * (hosts.count - 1) / 2) pairs of hosts were measured")
      ]
    }
    if let first = pairs.first {
      let host = seen[first.one].place.host
      let what = hosts.count > 1 ? Counted.text(pairs.count, "pair") + " of hosts" : "two ranks of \(host)"
      let (latency, rate) = (pairs.map(\.exchange.latencySeconds), pairs.map(\.exchange.bytesPerSecond))
      verdict.remarks = [
        "network: \(what): \(range(latency, Quantity.seconds)), \(range(rate, Quantity.rate)) each way, both ways at once"
      ]
    }
    return verdict
  }

  private func range(_ values: [Double], _ text: (Double) -> String) -> String {
    let (least, most) = (text(values.min() ?? 0), text(values.max() ?? 0))
    return least == most ? least : "\(least) to \(most)"
  }

  /// Pairs far slower than is usual among these hosts.
  private func slow(_ times: PairTimes, _ places: [Place]) -> [Finding] {
    let slow = times.slow
    guard let first = slow.first else { return [] }
    let shared = first.ranks.first { rank in slow.count > 1 && slow.allSatisfy { $0.ranks.contains(rank) } }
    let (latency, rate) = (Quantity.seconds(times.latencySeconds), Quantity.rate(times.bytesPerSecond))
    let names = slow.prefix(5).map { pair in
      "\(places[pair.one].host) and \(places[pair.other].host) (\(Quantity.seconds(pair.exchange.latencySeconds)), \(Quantity.rate(pair.exchange.bytesPerSecond)))"
    }
    let rest = slow.count > 5 ? " and \(slow.count - 5) more" : ""
    let common = shared.map { "; all of them with \(places[$0].host)" } ?? ""
    return [
      finding(
        "far slower than the median host's best (\(latency), \(rate)): \(names.joined(separator: ", "))\(rest)\(common)",
        why: "at every sum all ranks wait for the slowest pair",
        remedy:
          "ethtool INTERFACE on \(shared.map { places[$0].host } ?? "these hosts") (speed, errors), another cable or port; or a job without \(shared.map { places[$0].host } ?? "them")"
      )
    ]
  }

  /// Addresses that more than one host has, such as those of container bridges: who connects to one of them may reach
  /// itself.
  private func ambiguous(_ hosts: [Seen<Observation>]) -> [Finding] {
    guard hosts.count > 1, hosts.allSatisfy({ $0.what.filter == nil }) else { return [] }
    let addresses = hosts.flatMap { host in host.what.interfaces.map { (host.place.host, $0) } }
    let twice = Dictionary(grouping: addresses, by: \.1.address).values.filter { $0.count > 1 }
    guard let first = twice.min(by: { $0[0].1.address < $1[0].1.address }) else { return [] }
    let ambiguous = Set(twice.map { $0[0].1.network })
    let common = hosts[0].what.interfaces.map(\.network).first { network in
      !ambiguous.contains(network)
        && hosts.allSatisfy { $0.what.interfaces.contains { $0.network == network } }
    }
    return [
      finding(
        "\(first[0].1.address) (\(first[0].1.name)) is an address of \(first.map(\.0).joined(separator: " and of "))",
        why: "Open MPI may connect by it to the wrong host, and the job then hangs",
        remedy:
          "export OMPI_MCA_btl_tcp_if_include=\(common ?? "NETWORK") OMPI_MCA_oob_tcp_if_include=\(common ?? "NETWORK")"
          + (common == nil ? ", NETWORK being the one that all hosts are in, as in 10.0.0.0/24" : ""))
    ]
  }
}
