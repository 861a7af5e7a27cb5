import MessagePassing
import SequenceData

/// One MPI on all ranks, and one world of them all.
struct LaunchCheck: Check {
  struct Observation: Codable, Sendable {
    /// The MPI library and its version.
    var library: String
    /// Ranks of MPI's world.
    var ranks: Int
    /// The environment variable by which a launcher told how many ranks it started.
    var launcher: String?
    /// How many, and which of them this is.
    var launchedRanks: Int?
    var launchedRank: Int?
    /// Whether a launcher started several processes and no way for them to find each other.
    var isWithoutProcessManagement = false
  }

  static let name: StaticString = "launch"

  func observe(_ world: Surroundings) -> Observation {
    let launcher = Launcher()
    var seen = Observation(
      library: World.libraryVersion, ranks: world.communicator.size, launcher: launcher?.variable,
      launchedRanks: launcher?.ranks, launchedRank: launcher?.rank)
    do { try Launcher.checkBeforeStart() } catch { seen.isWithoutProcessManagement = true }
    return seen
  }

  func judge(_ seen: [Seen<Observation>]) -> Verdict {
    let first = seen[0].what
    let others = seen.filter { $0.what.library != first.library }
    let separate = seen.first { $0.what.isSeparate }?.what
    var verdict = Verdict()
    verdict.remarks = ["\(short(first.library)); " + size(seen)]
    if let separate { verdict.findings.append(finding(separate)) }
    if let other = others.first {
      verdict.findings.append(
        finding(
          "\(others.words()): \(other.what.library); rank 0 on \(seen[0].place.host): \(first.library)",
          why: "two releases of MPI may not understand each other: jobs hang, or end with odd errors",
          remedy:
            "install the same release on all hosts (mpirun --version on each; apt-get install openmpi-bin libopenmpi3)"
        ))
    }
    return verdict
  }

  private func finding(_ seen: Observation) -> Finding {
    let launched = seen.launchedRanks ?? 1 + (seen.launchedRank ?? 0)
    if seen.isWithoutProcessManagement {
      return finding(
        "srun started \(launched) tasks that cannot find each other",
        why: "each would train a model of its own, into the same folder",
        remedy: "srun --mpi=pmix … (srun --mpi=list shows what there is), or mpirun inside the allocation")
    }
    let variable = seen.launcher ?? ""
    return finding(
      "\(variable) says that this job has \(Counted.text(launched, "rank")), MPI's world has \(seen.ranks)",
      why:
        "the program was built against another MPI than that of the launcher: ranks train apart, into the same folder",
      remedy:
        "mpirun --version: start with the mpirun of \(short(seen.library)), or with srun --mpi=pmix; to run alone on purpose, unset \(variable)"
    )
  }

  private func size(_ seen: [Seen<Observation>]) -> String {
    Counted.text(seen.count, "rank") + " on " + Counted.text(seen.byHost().count, "host")
  }

  /// "Open MPI v4.1.4".
  private func short(_ library: String) -> String { String(library.prefix { $0 != "," && $0 != "\n" }) }
}

extension LaunchCheck.Observation {
  /// Whether MPI's world is not the one that a launcher started.
  var isSeparate: Bool {
    isWithoutProcessManagement || launchedRanks.map { $0 != ranks } ?? false
      || launchedRank.map { $0 >= ranks } ?? false
  }
}
