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
  }

  static let name: StaticString = "network"
  /// Every host meets so many others at most, so that the time does not grow without bound.
  static let mostRounds = 63
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
      let pair = round.map { (ranks[$0.0], ranks[$0.1]) }.first { [$0.0, $0.1].contains(world.own.rank) }
      if let pair {
        let peer = pair.0 == world.own.rank ? pair.1 : pair.0
        let exchange = try PairMeasurement(communicator: world.communicator, peer: peer).run()
        if world.own.rank < peer { seen.exchanges.append(exchange) }
      }
      try world.communicator.barrier()
    }
    return seen
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
      one.what.exchanges.map { Pair(one: one.place, other: seen[$0.peer].place, exchange: $0) }
    }
    var verdict = Verdict(findings: slow(pairs) + ambiguous(hosts))
    if hosts.count > 1 && pairs.count < hosts.count * (hosts.count - 1) / 2 {
      verdict.notChecked = [
        notChecked(
          "only \(pairs.count) of \(hosts.count * (hosts.count - 1) / 2) pairs of hosts were measured")
      ]
    }
    if let first = pairs.first {
      let what = hosts.count > 1 ? Counted.text(pairs.count, "pair") + " of hosts" : "two ranks of \(first.one.host)"
      let (latency, rate) = (pairs.map(\.exchange.latencySeconds), pairs.map(\.exchange.bytesPerSecond))
      verdict.remarks = [
        "network: \(what): \(range(latency, Quantity.seconds)), \(range(rate, Quantity.rate)) each way, both ways at once"
      ]
    }
    return verdict
  }

  private struct Pair {
    let one: Place
    let other: Place
    let exchange: Exchange
  }

  private func range(_ values: [Double], _ text: (Double) -> String) -> String {
    let (least, most) = (text(values.min() ?? 0), text(values.max() ?? 0))
    return least == most ? least : "\(least) to \(most)"
  }

  /// Pairs that are far from what the median host has with its best partner: where one of three hosts is slow, most
  /// pairs are.
  private func slow(_ pairs: [Pair]) -> [Finding] {
    guard pairs.count > 2 else { return [] }
    let hosts = Dictionary(
      grouping: pairs.flatMap { [($0.one.rank, $0.exchange), ($0.other.rank, $0.exchange)] }, by: \.0)
    let latency = hosts.values.compactMap { $0.map(\.1.latencySeconds).min() }.sorted()[hosts.count / 2]
    let rate = hosts.values.compactMap { $0.map(\.1.bytesPerSecond).max() }.sorted()[hosts.count / 2]
    let slow = pairs.filter {
      $0.exchange.bytesPerSecond < rate / 3 || $0.exchange.latencySeconds > max(5 * latency, latency + 100e-6)
    }
    guard let first = slow.first else { return [] }
    let shared = [first.one, first.other].first { place in
      slow.count > 1 && slow.allSatisfy { $0.one == place || $0.other == place }
    }
    let names = slow.prefix(5).map { pair in
      "\(pair.one.host) and \(pair.other.host) (\(Quantity.seconds(pair.exchange.latencySeconds)), \(Quantity.rate(pair.exchange.bytesPerSecond)))"
    }
    let rest = slow.count > 5 ? " and \(slow.count - 5) more" : ""
    let common = shared.map { "; all of them with \($0.host)" } ?? ""
    return [
      finding(
        "far slower than the median host's best (\(Quantity.seconds(latency)), \(Quantity.rate(rate))): \(names.joined(separator: ", "))\(rest)\(common)",
        why: "at every sum all ranks wait for the slowest pair",
        remedy:
          "ethtool INTERFACE on \(shared?.host ?? "these hosts") (speed, errors), another cable or port; or a job without \(shared?.host ?? "them")"
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
