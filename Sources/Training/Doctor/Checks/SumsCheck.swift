import DataParallel
import MessagePassing

/// Who completes the tree of sums over ranks: MPI's all-reduce, or Lockstep's own exchange.
struct SumsCheck: Check {
  struct Observation: Codable, Sendable {
    var isPowerOfTwo: Bool
    /// The sums that were tried.
    var tried: [Sum]
  }

  /// One kind of sum.
  struct Sum: Codable, Sendable {
    /// "MPI_Allreduce of 256 Double".
    var name: String
    /// Whether MPI adds in tree order.
    var isTree: Bool
  }

  static let name: StaticString = "sums"

  func observe(_ world: Surroundings) throws -> Observation {
    let ranks = world.communicator.size
    let sum = CanonicalSum(communicator: world.communicator, lanes: ranks.nextPowerOfTwo)
    var seen = Observation(isPowerOfTwo: ranks.nextPowerOfTwo == ranks, tried: [])
    guard ranks > 1, seen.isPowerOfTwo else { return seen }
    // As statistics and gradients are summed: short Doubles, and about a megabyte of Floats.
    for count in [2 * ranks, 256 * ranks] {
      let isTree = try sum.isCompletedByMPI(Double.self, count: count, nonblocking: false)
      seen.tried.append(Sum(name: "MPI_Allreduce of \(count) Double", isTree: isTree))
    }
    for count in [max(ranks, 1 << 14), 1 << 18] {
      let isTree = try sum.isCompletedByMPI(Float.self, count: count, nonblocking: true)
      seen.tried.append(Sum(name: "MPI_Iallreduce of \(count) Float", isTree: isTree))
    }
    return seen
  }

  func judge(_ seen: [Seen<Observation>]) -> Verdict {
    guard seen.count > 1 else { return Verdict() }
    let sums = seen[0].what
    guard sums.isPowerOfTwo else {
      return Verdict(remarks: ["sums: by Lockstep's own exchange (\(seen.count) ranks are no power of two)"])
    }
    let failed = sums.tried.filter { !$0.isTree }.map(\.name)
    guard !failed.isEmpty else { return Verdict(remarks: ["sums: by MPI's all-reduce, in tree order"]) }
    return Verdict(
      findings: [
        finding(
          "MPI does not add in tree order: \(failed.joined(separator: ", "))",
          why: "Lockstep's own exchange takes over: the bits are the same, with more messages",
          remedy: "env | grep OMPI_MCA_coll shows what was set: unset it, and Lockstep sets what adds in tree order")
      ], remarks: ["sums: by Lockstep's own exchange"])
  }
}
