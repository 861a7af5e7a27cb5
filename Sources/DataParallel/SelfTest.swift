import Glibc
import MessagePassing
import PackedTensors

/// Finds out whether MPI's all-reduce forms the balanced tree, by the very calls that are to be made.
///
/// Each (type, count, call) is tested once, at its first use: in place, on the communicator that will be used, with
/// awkward numbers, against the tree formed locally. The ranks agree on the verdict. Other MPI libraries, or parameters
/// set from outside (a ring, two-level sums), may form another order; then the ranks' own exchange takes over.
final class SelfTest {
  /// Which function is called.
  enum Call: Hashable {
    /// MPI_Allreduce.
    case blocking
    /// MPI_Iallreduce.
    case nonblocking
  }

  private struct Case: Hashable {
    let kind: ElementKind
    let count: Int
    let call: Call
  }

  private let communicator: Communicator
  private let possible: Bool
  private var verdicts: [Case: Bool] = [:]
  private var said = false

  /// - Parameter possible: false where the tree over ranks is not MPI's to begin with.
  init(communicator: Communicator, possible: Bool) {
    self.communicator = communicator
    self.possible = possible
  }

  /// Whether MPI forms the tree for this type, count and call. Collective at the first use of each.
  ///
  /// Complexity: at the first use, a few all-reduces (hundreds of the smallest) and a few thousand generated numbers a
  /// rank.
  func passes<Element: SummedElement>(
    _ type: Element.Type, count: Int, call: Call
  ) throws(MPIError) -> Bool {
    guard possible && CanonicalSum.hasElementsForHalving(count: count, ranks: communicator.size) else { return false }
    let key = Case(kind: Element.elementKind, count: count, call: call)
    if let verdict = verdicts[key] { return verdict }
    let difference = try firstDifference(type, count: count, call: call)
    let verdict = try communicator.allReduce(difference == nil ? 1 : 0 as Int32, .min) == 1
    verdicts[key] = verdict
    if !verdict && !said && communicator.rank == 0 {
      said = true
      let line = """
        lockstep: this MPI's \(call == .blocking ? "MPI_Allreduce" : "MPI_Iallreduce") of \(count) \(Element.self) on \
        \(communicator.size) ranks does not add in tree order; adding by Lockstep's own exchange, with the same result

        """
      let bytes = Array(line.utf8)
      _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
    return verdict
  }

  /// Numbers of a rank repeat after so many elements; a prime, so that no segment of a message begins with the first.
  private static let period = 4093
  /// A single number may come out right by chance in a wrong order: so many are tested at least, in several calls if
  /// need be.
  private static let leastNumbers = 512

  /// The first index at which any of the calls differs from the tree.
  private func firstDifference<Element: SummedElement>(
    _ type: Element.Type, count: Int, call: Call
  ) throws(MPIError) -> Int? {
    var difference: Int?
    for trial in 0..<max(1, SelfTest.leastNumbers / count) {
      // Every trial is made whatever the last one gave: all ranks make the same calls.
      let found = try firstDifference(type, count: count, call: call, trial: trial)
      difference = difference ?? found
    }
    return difference
  }

  private func firstDifference<Element: SummedElement>(
    _ type: Element.Type, count: Int, call: Call, trial: Int
  ) throws(MPIError) -> Int? {
    let ranks = communicator.size
    let period = min(count, SelfTest.period)
    let rows = UnsafeMutablePointer<Element>.allocate(capacity: ranks * period)
    let result = UnsafeMutablePointer<Element>.allocate(capacity: count)
    defer {
      rows.deallocate()
      result.deallocate()
    }
    for rank in 0..<ranks {
      Element.fillAwkwardly(rows + rank * period, count: period, first: trial * period, rank: rank)
    }
    let tiles = stride(from: 0, to: count, by: period).map { (start: $0, count: min(period, count - $0)) }
    for tile in tiles {
      (result + tile.start).initialize(from: rows + communicator.rank * period, count: tile.count)
    }
    let buffer = UnsafeMutableBufferPointer(start: result, count: count)
    switch call {
    case .blocking: try communicator.allReduce(buffer, .sum)
    case .nonblocking: try communicator.startAllReduce(buffer, .sum).wait()
    }
    TreeFold.fold(rows, nodes: TreeFold.leaves(0..<ranks), count: period, stride: period)
    for tile in tiles {
      if let index = Element.firstDifference(rows, result + tile.start, count: tile.count) { return tile.start + index }
    }
    return nil
  }
}
