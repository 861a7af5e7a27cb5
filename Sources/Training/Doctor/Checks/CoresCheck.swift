import Foundation
import SequenceData

/// A core for every compute thread.
struct CoresCheck: Check {
  struct Observation: Codable, Sendable {
    /// Compute threads of the rank.
    var threads: Int
    /// None where the kernel does not tell.
    var processor: ProcessorCores?
  }

  static let name: StaticString = "cores"
  /// Compute threads of this rank.
  let threads: Int

  func observe(_ world: Surroundings) -> Observation { Observation(threads: threads, processor: .own) }

  func facts(_ seen: Observation) -> [Fact] {
    let processor = seen.processor
    let isBound = processor.map { $0.cores.count < $0.coresOfHost } ?? false
    let ofHost = processor.map { own in
      "\(own.coresOfHost)" + (own.quota.map { String(format: ", limited to %.3g", $0) } ?? "")
    }
    return [
      Fact(title: "bound to", value: processor.map { isBound ? SystemText.list($0.allowed) : "no core" } ?? "?"),
      Fact(title: "threads", value: "\(seen.threads)"),
      Fact(title: "cores", value: ofHost ?? "?", isOfHost: true),
    ]
  }

  func judge(_ seen: [Seen<Observation>]) -> Verdict {
    let unknown = seen.filter { $0.what.processor == nil }
    let known = seen.compactMap { one in one.what.processor.map { Bound(one.place, one.what.threads, $0) } }
    let hosts = Dictionary(grouping: known, by: \.place.node).sorted { $0.key < $1.key }.map(\.value)
    var verdict = Verdict()
    verdict.findings = hosts.flatMap { narrow($0) + shared($0) + crowded($0) }
    if !unknown.isEmpty {
      verdict.notChecked = [notChecked("\(unknown.words()): /proc/self/status does not tell the cores")]
    }
    return verdict
  }

  /// A rank with its cores.
  private struct Bound {
    let place: Place
    let threads: Int
    let processor: ProcessorCores

    init(_ place: Place, _ threads: Int, _ processor: ProcessorCores) {
      (self.place, self.threads, self.processor) = (place, threads, processor)
    }
  }

  /// Ranks with more threads than the cores that they are bound to.
  private func narrow(_ ranks: [Bound]) -> [Finding] {
    let all = ranks.filter {
      $0.processor.cores.count < $0.threads && $0.processor.cores.count < $0.processor.coresOfHost
    }
    guard let first = all.first else { return [] }
    let (cores, threads) = (Counted.text(first.processor.cores.count, "core"), first.threads)
    let what =
      all.count == 1
      ? "is bound to \(cores) (\(SystemText.list(first.processor.allowed))) and has"
      : "are bound to \(cores) each and have"
    return [
      finding(
        "\(Place.words(all.map(\.place))) \(what) \(Counted.text(threads, "compute thread"))",
        why: "the threads take turns on it: they are no faster than one",
        remedy:
          "start with launch/run, or with mpirun --map-by slot:PE=\(threads) --bind-to core where there are cores for all threads, else --bind-to none"
      )
    ]
  }

  /// Ranks that are bound to the same cores, of which there are too few.
  private func shared(_ ranks: [Bound]) -> [Finding] {
    let groups = Dictionary(grouping: ranks, by: \.processor.cores).values.filter { group in
      let processor = group[0].processor
      return group.count > 1 && processor.cores.count < processor.coresOfHost
        && group.reduce(0) { $0 + $1.threads } > processor.cores.count
    }
    return groups.sorted { $0[0].place.rank < $1[0].place.rank }.map { group in
      let processor = group[0].processor
      let threads = group.reduce(0) { $0 + $1.threads }
      let cores = processor.cores.count == 1 ? "core" : "\(processor.cores.count) cores"
      return finding(
        "\(Place.words(group.map(\.place))) are bound to the same \(cores) (\(SystemText.list(processor.allowed))) and have \(threads) compute threads together",
        why: "they take turns, and at every sum all ranks wait for the slowest",
        remedy:
          "give each rank a core of its own: launch/run, or mpirun --bind-to core; beside another job on the same cores mpirun --bind-to none; taskset -cp $$ shows whether the shell itself is bound"
      )
    }
  }

  /// More threads than the machine's cores, or than its control group leaves.
  private func crowded(_ ranks: [Bound]) -> [Finding] {
    let (place, processor) = (ranks[0].place, ranks[0].processor)
    let threads = ranks.reduce(0) { $0 + $1.threads }
    let limit = processor.quota.map { min($0, Double(processor.coresOfHost)) } ?? Double(processor.coresOfHost)
    guard Double(threads) > limit else { return [] }
    let isLimited = limit < Double(processor.coresOfHost)
    let most = max(1, Int(limit) / ranks[0].threads)
    let room =
      isLimited
      ? "\(place.host) leaves this job the time of \(String(format: "%.3g", limit)) of its \(processor.coresOfHost) cores (a container's limit)"
      : "\(place.host) has \(Counted.text(processor.coresOfHost, "core"))"
    return [
      finding(
        "\(room), and \(Counted.text(ranks.count, "rank")) on it \(ranks.count == 1 ? "has" : "have") \(Counted.text(threads, "compute thread"))",
        why: "threads without a core of their own take turns, and ranks that wait take time from those that compute",
        remedy: "at most \(Counted.text(most, "rank")) of \(Counted.text(ranks[0].threads, "thread")) on this host"
          + (isLimited ? ", or a higher limit (docker run --cpus, resources.limits.cpu)" : "")
          + "; for a trial launch/run lets ranks yield while they wait")
    ]
  }
}
