import DataParallel
import Foundation
import MessagePassing
import Synchronization

/// Ends a job whose ranks never hear of each other, and says what is known on this host: MPI itself waits for ever.
///
/// Until the first collective calls have come back nothing can be told to other ranks, so that each watches alone.
final class FirstContact: Sendable {
  /// Seconds for the first collective calls.
  static let seconds = 30.0

  private let isMade = Atomic<Bool>(false)

  /// Begins to watch. Rank 0 speaks first.
  init(rank: Int, of ranks: Int) {
    guard ranks > 1 else { return }
    Thread.detachNewThread { [weak self] in
      Thread.sleep(forTimeInterval: FirstContact.seconds + (rank == 0 ? 0 : 2))
      guard let self, !isMade.load(ordering: .relaxed) else { return }
      let sentence = FirstContact.sentence(rank: rank, host: World.hostName, interfaces: NetworkInterface.all)
      FileHandle.standardError.write(Data("lockstep: \(sentence)\n".utf8))
      _exit(Watchdog.exitCode)
    }
  }

  /// The ranks have heard of each other.
  func wasMade() { isMade.store(true, ordering: .relaxed) }

  static func sentence(rank: Int, host: String, interfaces: [NetworkInterface]) -> String {
    let addresses = interfaces.map { "\($0.name) \($0.address) in \($0.network)" }.joined(separator: ", ")
    return """
      rank \(rank) on \(host) has waited \(Int(seconds)) s for MPI's first messages: they do not come through. \(host) has \
      \(addresses.isEmpty ? "no network" : addresses). Let TCP between the hosts through firewalls, and name the network that \
      all hosts are in: export OMPI_MCA_btl_tcp_if_include=NETWORK OMPI_MCA_oob_tcp_if_include=NETWORK, as in 10.0.0.0/24
      """
  }
}
